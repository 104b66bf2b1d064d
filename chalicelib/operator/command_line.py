"""From arguments to a command. Nothing here ends the process: the sandbox runs commands inside itself."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.operator import deposits, tenants
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
        ("set-tolerance", tenants.set_tolerance, "change how much less than due still counts as paid"),
    ):
        setter = _command(verbs, verb, command, purpose)
        setter.add_argument("tenant_id", metavar="ID")
        setter.add_argument("percent", metavar="PERCENT")


def _add_deposit_commands(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _command(verbs, "stray", deposits.stray, "list what arrived that no currency of the catalogue names")


def _command(verbs: Any, name: str, command: Command, purpose: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=purpose, description=purpose, allow_abbrev=False)
    parser.set_defaults(command=command)
    return parser
