"""The scheduled scan of all chains: one chain that is away does not hold up the others."""

import logging

from chalicelib.chains import scanner
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.environment import Environment
from chalicelib.storage.calls import StorageUnavailableError

logger = logging.getLogger(__name__)


def scan_chains(env: Environment) -> None:
    """Run one tick for each chain."""
    for blockchain in sorted(env.chains):
        scan_chain(env, blockchain)


def scan_chain(env: Environment, blockchain: str) -> None:
    """Run one tick for one chain; what fails is done by the next one."""
    try:
        scanner.tick(env, blockchain)
    except (ChainUnavailableError, StorageUnavailableError) as error:
        logger.warning("%s was not read: %s", blockchain, error)
