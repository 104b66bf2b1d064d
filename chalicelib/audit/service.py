"""The audit's use cases: compare, keep the report, show it; take the operator's word for what is no merchant's."""

import logging
from random import Random
from typing import Any

from chalicelib.audit import custody
from chalicelib.audit.records import Capital, CustodyReport
from chalicelib.audit.report import Report, Row
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete, put

REPORTS_KEPT = 30

logger = logging.getLogger(__name__)


def audit_custody(env: Environment, random: Random) -> Report:
    """Compare the books with the chains, keep the report, and log what is missing at error level.

    Raises:
        StorageUnavailableError: the table does not answer.
    """
    report = custody.compare(env, random)
    pk, sk = keys.audit_report(report.made_at)
    env.store.commit(put(CustodyReport(pk=pk, sk=sk, made_at=report.made_at, body=report.body())))
    for row in report.missing:
        logger.error("custody: %s", row)
    for chain in report.chains:
        if chain.unchecked:
            logger.warning("custody on %s was not compared: %s", chain.blockchain, chain.unchecked)
    for old in reports(env)[REPORTS_KEPT:]:
        env.store.commit(delete(old.key))
    return report


def reports(env: Environment) -> list[CustodyReport]:
    """Return the reports that are kept, newest first."""
    return list(env.store.query_all(CustodyReport, keys.audit_reports(), newest_first=True))


def shown(report: CustodyReport) -> dict[str, Any]:
    """Return a report as the operator sees it."""
    return {"made_at": iso(report.made_at), **report.body}


def accept(env: Environment, random: Random) -> list[Row]:
    """Take what lies on our addresses beyond the books for capital from now on, in each token that was compared.

    Returns:
        The tokens whose capital was changed, as they were before.
    """
    report = custody.compare(env, random)
    rows = [row for chain in report.chains for row in chain.rows if row.difference_units]
    for row in rows:
        set_capital(env, row.blockchain, row.token, row.surplus_units, row.tolerance_units)
    return rows


def set_capital(env: Environment, blockchain: str, token: str, units: int, tolerance_units: int) -> None:
    """Say how much on our addresses is no merchant's, and how much less than it should be is no alarm."""
    pk, sk = keys.capital(blockchain, token)
    env.store.commit(put(Capital(pk=pk, sk=sk, units=units, tolerance_units=tolerance_units)))
    logger.warning("the capital on %s is %d units of %s by the operator's word", blockchain, units, token)
