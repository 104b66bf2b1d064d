"""From arguments to a command. Nothing here ends the process: the sandbox runs commands inside itself."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chalicelib.config import FAMILIES
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.operator import audit, deposits, tenants, wallets, withdrawals
from chalicelib.tenants.service import DEFAULT_FEE_PERCENT

Command = Callable[[Environment, argparse.Namespace], dict[str, Any]]


class OperatorUsageError(ValueError):
    """The arguments are no command; the message shows how it is written."""


class OperatorHelp(OperatorUsageError):  # noqa: N818 -- asked for, so no error to the person at the terminal
    """Help was asked for; the message is it."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise OperatorUsageError(f"{self.format_usage()}{self.prog}: {message}")

    def print_help(self, file: Any = None) -> NoReturn:  # noqa: ARG002 -- argparse's signature
        raise OperatorHelp(self.format_help())


def run(env: Environment, argv: Sequence[str]) -> dict[str, Any]:
    """Run one command.

    Args:
        env: the environment.
        argv: the arguments, such as ``["tenant", "freeze", "t_1"]``.

    Returns:
        The command's answer, ready for JSON.

    Raises:
        OperatorUsageError: no such command, or its arguments are wrong.
        ApiError: the command was refused; nothing was changed.
    """
    return read(argv)(env)


def read(argv: Sequence[str]) -> Callable[[Environment], dict[str, Any]]:
    """Read a command without running it.

    Args:
        argv: the arguments.

    Returns:
        The command; called with the environment it runs, as ``run`` does.

    Raises:
        OperatorUsageError: no such command, or its arguments are wrong.
        InvalidRequestError: an argument is no printable text.
    """
    if not all(isinstance(argument, str) and argument.isprintable() for argument in argv):
        raise InvalidRequestError("Arguments are printable texts.")
    asked = _parser().parse_args(argv)
    command: Command = asked.command
    return lambda env: command(env, asked)


def _parser() -> _Parser:
    parser = _Parser("chalicelib.operator", description="The operator's commands.", allow_abbrev=False)
    subjects = parser.add_subparsers(title="subjects", required=True, metavar="SUBJECT")
    _add_tenant_commands(subjects.add_parser("tenant", help="merchants", allow_abbrev=False))
    _add_deposit_commands(subjects.add_parser("deposits", help="deposits", allow_abbrev=False))
    _add_wallet_commands(subjects.add_parser("wallet", help="what hot wallets sign with", allow_abbrev=False))
    _add_withdrawal_commands(subjects.add_parser("withdrawal", help="withdrawals", allow_abbrev=False))
    _add_limit_commands(subjects.add_parser("limits", help="what withdrawals may come to", allow_abbrev=False))
    _add_allow_list_commands(
        subjects.add_parser("allow-list", help="where withdrawals may go", allow_abbrev=False)
    )
    _add_audit_commands(subjects.add_parser("audit", help="the books held against the chains", allow_abbrev=False))
    return parser


def _add_tenant_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    create = _command(verbs, "create", tenants.create, "make a tenant with its first application")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--transaction-fee", default=DEFAULT_FEE_PERCENT, metavar="PERCENT")
    create.add_argument("--fee-paid-by-user", action="store_true", help="its customers pay the fee on top")
    create.add_argument("--admin", action="store_true", help="its first application may ask for the scope admin")
    _command(verbs, "list", tenants.list_all, "list every tenant")
    for verb, command, purpose in (
        ("show", tenants.show, "show a tenant's settings"),
        ("freeze", tenants.freeze, "let nothing leave: its withdrawals stay pending"),
        ("unfreeze", tenants.unfreeze, "let withdrawals go on"),
    ):
        _command(verbs, verb, command, purpose).add_argument("tenant_id", metavar="ID")
    for verb, command, purpose in (
        ("set-fee", tenants.set_fee, "change the fee of payments to come"),
        ("set-withdrawal-fee", tenants.set_withdrawal_fee, "change the fee of withdrawals to come"),
        ("set-tolerance", tenants.set_tolerance, "change how much less than due still counts as paid"),
    ):
        setter = _command(verbs, verb, command, purpose)
        setter.add_argument("tenant_id", metavar="ID")
        setter.add_argument("percent", metavar="PERCENT")
    limit = _command(verbs, "set-rate-limit", tenants.set_rate_limit, "change how many requests it may send")
    limit.add_argument("tenant_id", metavar="ID")
    limit.add_argument("per_minute", metavar="PER_MINUTE", help="requests a minute in the long run")
    limit.add_argument("--burst", metavar="N", help="how many of them at once; a sixth unless given")
    parts = _command(
        verbs, "set-balance-parts", tenants.set_balance_parts, "split a hot master account; never back to fewer"
    )
    parts.add_argument("tenant_id", metavar="ID")
    parts.add_argument("parts", metavar="PARTS")


def _add_deposit_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _command(verbs, "stray", deposits.stray, "list what arrived that no currency of the catalogue names")


def _add_audit_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _command(verbs, "run", audit.run, "hold the books against the chains now, and keep the report")
    shown = _command(verbs, "show", audit.show, "show the newest reports")
    shown.add_argument("--last", default="1", metavar="N", help="how many; one unless given")
    _command(verbs, "rescan", audit.rescan, "read a sample of blocks and every failed range again now")
    _command(verbs, "accept", audit.accept, "take what lies there beyond the books for capital, as it is now")
    said = _command(verbs, "set-capital", audit.set_capital, "say how much of a token is no merchant's")
    said.add_argument("blockchain", metavar="BLOCKCHAIN")
    said.add_argument("token", metavar="TOKEN")
    said.add_argument("units", metavar="UNITS", help="in the token's smallest units")
    said.add_argument("--tolerance", default="0", metavar="UNITS", help="how much less is no alarm")


def _add_wallet_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    purpose = "seal the seed that is written to standard input, in hex, for HOT_WALLETS"
    sealed = _command(verbs, "seal", wallets.seal_seed, purpose)
    sealed.add_argument("family", metavar="FAMILY", choices=FAMILIES, help=", ".join(FAMILIES))
    sealed.add_argument("--kms-key", required=True, metavar="KEY", help="the key service's key that encrypts it")


def _add_withdrawal_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    shown = _command(verbs, "show", withdrawals.show, "show a withdrawal and what was signed for it")
    rejected = _command(verbs, "reject", withdrawals.reject, "turn a pending withdrawal down")
    for command in (shown, rejected):
        command.add_argument("withdrawal_id", metavar="ID")
    rejected.add_argument("--reason", required=True, metavar="TEXT", help="what the merchant is told")


def _add_limit_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    shown = _command(verbs, "show", withdrawals.show_limits, "show a tenant's limits and what of them is used")
    changed = _command(verbs, "set", withdrawals.set_limits, "set limits, or take them away with none")
    for command in (shown, changed):
        command.add_argument("tenant_id", metavar="ID")
    for option, meaning in (
        ("--per-withdrawal", "the most of a single withdrawal"),
        ("--per-day", "the most of a UTC day"),
        ("--per-30-days", "the most of 30 UTC days, today included"),
    ):
        changed.add_argument(option, metavar="USD", help=meaning)
    changed.add_argument("--per-hour", metavar="COUNT", help="how many in a clock hour")


def _add_allow_list_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for verb, command, purpose in (
        ("show", withdrawals.show_allow_list, "show a tenant's list"),
        ("on", withdrawals.turn_allow_list_on, "let it withdraw to addresses on the list only"),
        ("off", withdrawals.turn_allow_list_off, "let it withdraw to any address"),
        ("add", withdrawals.add_address, "put an address on the list; it waits before it counts"),
        ("remove", withdrawals.remove_address, "take an address off the list, at once"),
    ):
        made = _command(verbs, verb, command, purpose)
        made.add_argument("tenant_id", metavar="ID")
        if verb == "on":
            made.add_argument("--waiting-hours", metavar="HOURS", help="how long addresses added from now on wait")
        if verb in {"add", "remove"}:
            made.add_argument("type", metavar="TYPE", help="EVM, BTC, LTC, TRX, or a blockchain")
            made.add_argument("address", metavar="ADDRESS")


def _command(verbs: Any, name: str, command: Command, purpose: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=purpose, description=purpose, allow_abbrev=False)
    parser.set_defaults(command=command)
    return parser
