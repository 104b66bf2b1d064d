"""The books held against the chains: one report over all of them, and an alarm for what is missing.

Nothing stands still meanwhile, so the order of reading decides which way a difference errs: what came in is read
first, then the books, then the balances, the hot wallet last, and what has left after that. Whatever moves in
between shows as a surplus, never as a loss; and what is missing is read a second time before anyone is told.
"""

import logging
from collections.abc import Mapping, Sequence
from random import Random

from chalicelib.audit import arrivals, books, coins, flights, places, report
from chalicelib.audit.arrivals import Arrivals
from chalicelib.audit.books import Books
from chalicelib.audit.places import OnChain
from chalicelib.audit.records import Capital
from chalicelib.audit.report import ChainReport, Flight, Report
from chalicelib.chains.adapter import ChainUnavailableError, Head
from chalicelib.chains.networks import NATIVE_TOKEN_OF
from chalicelib.chains.records import ChainCursor
from chalicelib.environment import Environment
from chalicelib.payouts.records import HotWallet
from chalicelib.storage import keys
from chalicelib.withdrawals import bookings
from chalicelib.withdrawals.records import OpenPayout

CLOCKS_DIFFER_SECONDS = 60

logger = logging.getLogger(__name__)


class NotComparableError(Exception):
    """A blockchain cannot be compared now; the message says why. It is no alarm by itself."""


def compare(env: Environment, random: Random) -> Report:
    """Compare the books with every chain.

    Args:
        env: the environment; no signer is asked.
        random: draws which balances are asked for where there are too many.

    Returns:
        The report; what is missing in it was missing twice.

    Raises:
        StorageUnavailableError: the table does not answer.
    """
    made_at = int(env.clock.now())
    chains, read = _compare(env, sorted(env.chains), random)
    doubtful = [chain.blockchain for chain in chains if chain.missing]
    if doubtful:
        logger.warning("something seems to be missing on %s: looking again", ", ".join(doubtful))
        again, _ = _compare(env, doubtful, random)
        second = {chain.blockchain: chain for chain in again}
        chains = [second.get(chain.blockchain, chain) for chain in chains]
    return Report(made_at, chains, read)


def tokens_of(env: Environment, blockchain: str) -> dict[str, str]:
    """Return the tokens that may lie on a blockchain, its gas coin among them, each with its name in the books."""
    native_token = NATIVE_TOKEN_OF[blockchain]
    listed = {currency.token: currency.code for currency in env.catalogue.currencies_on(blockchain)}
    return {native_token: bookings.gas_code(env.catalogue, blockchain), **listed}


def _compare(
    env: Environment, blockchains: Sequence[str], random: Random
) -> tuple[list[ChainReport], dict[str, int]]:
    since = env.clock.now() - CLOCKS_DIFFER_SECONDS
    opened = {blockchain: flights.open_payouts(env, blockchain) for blockchain in blockchains}
    arrived = {blockchain: arrivals.read(env, blockchain) for blockchain in blockchains}
    deposits = {deposit_id for one in arrived.values() for deposit_id in one.open}
    followed = {withdrawal_id for entries in opened.values() for withdrawal_id in entries}
    booked = books.read(env, deposits, followed, since)
    read = {**booked.rows, "blocks": sum(one.blocks[0] for one in arrived.values())}
    chains = [
        _one_chain(env, blockchain, booked, arrived[blockchain], opened[blockchain], random)
        for blockchain in blockchains
    ]
    return chains, read


def _one_chain(
    env: Environment,
    blockchain: str,
    booked: Books,
    arrived: Arrivals,
    opened: Mapping[str, OpenPayout],
    random: Random,
) -> ChainReport:
    try:
        with env.chains[blockchain].pinned():  # one node's view of it all
            head = _settled_head(env, blockchain)
            there, flying = _on_chain(env, blockchain, booked, arrived, random)
            entries = {**opened, **flights.open_payouts(env, blockchain)}
            flying += flights.payouts(env, blockchain, entries, booked, head.height)
    except ChainUnavailableError as error:
        return ChainReport(blockchain, unchecked=f"its node does not answer: {error}")
    except NotComparableError as error:
        return ChainReport(blockchain, unchecked=str(error))
    tokens, vouched = tokens_of(env, blockchain), _vouched(env, blockchain)
    rows = report.rows_of(blockchain, tokens, booked.custody, there.units, there.remembered, flying, vouched)
    is_beside = not there.has_all and any(row.is_missing and booked.funded[row.currency] for row in rows)
    unchecked = "what was funded lies in the hot wallet, whose address is not known before its first payout"
    if is_beside:
        return ChainReport(blockchain, (), flying, there.asked, unchecked)
    return ChainReport(blockchain, rows, flying, there.asked)


def _settled_head(env: Environment, blockchain: str) -> Head:
    """Return the chain's head, if the scanner stands on the same chain: else what it stored is not what is there.

    Raises:
        NotComparableError: it was never read, or has been reorganised and not been read since.
    """
    adapter = env.chains[blockchain]
    cursor = env.store.get(ChainCursor, keys.chain_cursor(blockchain))
    if cursor is None:
        raise NotComparableError("it was never read")
    height = cursor.next_height - 1
    if cursor.remembers(height, adapter.block_hash(height)) is False:
        raise NotComparableError("it was reorganised, and has not been read again yet")
    return adapter.head()


def _on_chain(
    env: Environment, blockchain: str, booked: Books, arrived: Arrivals, random: Random
) -> tuple[OnChain, list[Flight]]:
    """Return what lies on our addresses, and the deposits in flight."""
    flying = flights.deposits(arrived, booked)
    if env.chains[blockchain].slot_kind == "inputs":
        there, proven = coins.read(env, blockchain)
        return there, flights.without_immature(env, blockchain, flying, arrived, proven)
    there = places.read(env, blockchain, places.deposit_places(env, blockchain, arrived), random)
    if there.unread:
        raise NotComparableError(f"{there.unread} balances were never read; the next runs go on with them")
    address = _hot_wallet(env, blockchain, booked)
    there.has_all = address is not None
    if address is not None:
        places.add_hot_wallet(env.chains[blockchain], there, address, tokens_of(env, blockchain))
    return there, flying


def _hot_wallet(env: Environment, blockchain: str, booked: Books) -> str | None:
    """Return the hot wallet's address, if anything ever left it or was swept to it.

    Raises:
        NotComparableError: something has left it, and its address was not noted then.
    """
    wallet = env.store.get(HotWallet, keys.hot_wallet(blockchain))
    address = (wallet.address if wallet else None) or booked.hot_wallets.get(blockchain)
    if wallet is not None and address is None:
        raise NotComparableError("the hot wallet's address is not known before its next payout")
    return address


def _vouched(env: Environment, blockchain: str) -> dict[str, tuple[int, int]]:
    found = env.store.query_all(Capital, keys.capitals())
    of_it = ((one, one.sk.split("#")) for one in found)
    return {token: (one.units, one.tolerance_units) for one, (chain, token) in of_it if chain == blockchain}
