"""The schedules' handlers: one chain that is away does not hold up the others."""

import logging
from random import Random

from chalicelib.audit import open_addresses, rescan, service
from chalicelib.audit.alarms import AuditAlarmError
from chalicelib.audit.comparing import Finding
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.networks import EVM, FAMILY_OF
from chalicelib.chains.records import ChainCursor
from chalicelib.environment import Environment
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys

logger = logging.getLogger(__name__)


def audit_chains(env: Environment, random: Random | None = None) -> None:
    """Read a sample of blocks again, and every range that failed; look for coin that came without a trace.

    Args:
        env: the environment.
        random: draws the sample; one that nobody can foretell, unless given.

    Raises:
        AuditAlarmError: something in a block was missed, or is not there any more; it is logged.
        StorageUnavailableError: the table does not answer.
    """
    drawn = random or Random()  # noqa: S311 -- a sample, not a secret
    found: list[Finding] = []
    opened = open_addresses.payments(env)
    for blockchain in sorted(env.chains):
        try:
            for finding in rescan.rescan(env, blockchain, drawn):
                found.append(finding)  # noqa: PERF402 -- what was found stays found, whatever fails after it
            _look_at_open_addresses(env, blockchain, opened)
        except ChainUnavailableError as error:
            logger.warning("the audit of %s waits: its node does not answer: %s", blockchain, error)
    if found:
        raise AuditAlarmError(f"{len(found)} transfers in blocks read before are otherwise than stored")


def audit_custody(env: Environment, random: Random | None = None) -> None:
    """Hold the books against the chains.

    Args:
        env: the environment.
        random: draws which balances are asked for, where there are too many.

    Raises:
        AuditAlarmError: money is missing; it is logged, and in the report.
        StorageUnavailableError: the table does not answer.
    """
    report = service.audit_custody(env, random or Random())  # noqa: S311 -- a sample, not a secret
    if report.missing:
        raise AuditAlarmError(f"money is missing in {len(report.missing)} tokens: see the report")


def _look_at_open_addresses(env: Environment, blockchain: str, opened: list[PaymentRecord]) -> None:
    cursor = env.store.get(ChainCursor, keys.chain_cursor(blockchain))
    if FAMILY_OF[blockchain] != EVM or cursor is None:
        return
    state = rescan.rescan_state(env, blockchain, cursor)
    for stray in open_addresses.look(env, blockchain, opened, state):
        problem = "%s units of %s on %s lie at %s, of payment %s, and no transaction was seen to bring them"
        logger.warning(problem, stray.units, stray.token, blockchain, stray.address, stray.payment_id)
