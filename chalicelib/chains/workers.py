"""The scheduled scan of all chains: one chain that is away does not hold up the others."""

import logging

from chalicelib.chains import scanner
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError

logger = logging.getLogger(__name__)


def scan_chains(env: Environment) -> None:
    """Run one tick for each chain."""
    for blockchain in sorted(env.chains):
        scan_chain(env, blockchain)


def scan_chain(env: Environment, blockchain: str) -> None:
    """Run one tick for one chain; what fails is done by the next one. Payouts that wait for a block are woken."""
    try:
        if scanner.tick(env, blockchain) and _has_open_payouts(env, blockchain):
            env.queues.wake_payouts(blockchain)
    except (ChainUnavailableError, StorageUnavailableError, ConflictError) as error:  # or its lease ran out
        logger.warning("%s was not read: %s", blockchain, error)


def _has_open_payouts(env: Environment, blockchain: str) -> bool:
    return bool(env.store.query(Record, keys.open_payouts(blockchain), limit=1).records)
