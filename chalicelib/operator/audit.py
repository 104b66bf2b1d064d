"""The operator's commands about the audit: run it, read what it said, vouch for what is no merchant's."""

import random
import re
from argparse import Namespace
from typing import Any

from chalicelib.audit import custody, service, workers
from chalicelib.audit.alarms import AuditAlarmError
from chalicelib.audit.report import shown
from chalicelib.currencies.blockchains import UnknownBlockchainError, blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError

_UNITS = re.compile(r"-?[0-9]{1,36}")


def run(env: Environment, asked: Namespace) -> dict[str, Any]:  # noqa: ARG001 -- commands are called alike
    """Hold the books against the chains now, keep the report and show it."""
    service.audit_custody(env, random.Random())  # noqa: S311 -- a sample, not a secret
    return service.shown(service.reports(env)[0])


def show(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Show the newest reports, newest first.

    Raises:
        InvalidRequestError: no number of reports.
    """
    if not (asked.last.isascii() and asked.last.isdigit() and int(asked.last) > 0):
        raise InvalidRequestError("Ask for the last 1, 2, 3 … reports.")
    return {"reports": [service.shown(report) for report in service.reports(env)[: int(asked.last)]]}


def rescan(env: Environment, asked: Namespace) -> dict[str, Any]:  # noqa: ARG001 -- commands are called alike
    """Read a sample of blocks and every failed range again now."""
    try:
        workers.audit_chains(env)
    except AuditAlarmError as alarm:
        return {"alarm": str(alarm)}
    return {"alarm": None}


def accept(env: Environment, asked: Namespace) -> dict[str, Any]:  # noqa: ARG001 -- commands are called alike
    """Take what lies on our addresses beyond the books for capital, as it is now."""
    changed = service.accept(env, random.Random())  # noqa: S311 -- a sample, not a secret
    return {"accepted": [{**shown(row), "capital_units": row.surplus_units} for row in changed]}


def set_capital(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Say how much in one token of one blockchain is no merchant's.

    Raises:
        InvalidRequestError: no whole numbers of units, or a tolerance below zero.
        NotFoundError: no such blockchain, or nothing in that token is kept there.
    """
    if not all(_UNITS.fullmatch(said) for said in (asked.units, asked.tolerance)) or int(asked.tolerance) < 0:
        raise InvalidRequestError("Units are whole numbers of the token's smallest unit.")
    try:
        blockchain = blockchain_by_name(asked.blockchain).code
    except UnknownBlockchainError as error:
        raise NotFoundError(str(error)) from None
    token = asked.token.upper()
    if token not in custody.tokens_of(env, blockchain):
        raise NotFoundError(f"Nothing in {token} is kept on {blockchain}.")
    service.set_capital(env, blockchain, token, int(asked.units), int(asked.tolerance))
    return {
        "blockchain": blockchain,
        "token": token,
        "capital_units": int(asked.units),
        "tolerance_units": int(asked.tolerance),
    }
