"""What is in flight between the books and a chain: deposits not booked yet, payouts not settled yet, and back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from chalicelib.audit.arrivals import Arrivals
from chalicelib.audit.books import Books
from chalicelib.audit.report import Flight
from chalicelib.chains.adapter import ChainAdapter, TxStatus
from chalicelib.chains.networks import LTC
from chalicelib.environment import Environment
from chalicelib.payouts.records import BatchAttempt, CoinBatch
from chalicelib.storage import keys
from chalicelib.withdrawals import bookings
from chalicelib.withdrawals.records import Attempt, OpenPayout, WithdrawalRecord, read_attempt

IMMATURE_BLOCKS = 6  # what comes out of Litecoin's MWEB is proven by no node before it is so deep


def deposits(arrivals: Arrivals, books: Books) -> list[Flight]:
    """Return the deposits that lie on the chain and are not booked, and those that are booked and gone."""
    found = []
    for arrival in arrivals.open.values():
        units = (arrival.units if arrival.is_live else 0) - books.credited[arrival.deposit_id]
        if units:
            found.append(Flight("deposit", arrival.deposit_id, arrival.code, units))
    return found


def without_immature(
    env: Environment, blockchain: str, found: Iterable[Flight], arrivals: Arrivals, proven: set[str]
) -> list[Flight]:
    """Leave out what the node does not count as ours to spend yet: see ``CoinAdapter.unspent``."""
    if blockchain != LTC:
        return list(found)
    head = env.chains[blockchain].head().height
    return [
        flight
        for flight in found
        if flight.reference.partition(":")[2] in proven
        or arrivals.open[flight.reference].height + IMMATURE_BLOCKS <= head
    ]


def open_payouts(env: Environment, blockchain: str) -> dict[str, OpenPayout]:
    """Return the withdrawals that are followed, or watched after their end, by id."""
    return {one.sk: one for one in env.store.query_all(OpenPayout, keys.open_payouts(blockchain))}


def payouts(
    env: Environment, blockchain: str, entries: Mapping[str, OpenPayout], books: Books, head_before: int
) -> list[Flight]:
    """Return what the chain has done for each withdrawal that the books do not have, or the other way round.

    Args:
        env: the environment.
        blockchain: the short code.
        entries: the withdrawals that were open before the books were read, or are now.
        books: what was read of the books.
        head_before: the chain's height before the balances were asked for.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    asker = _Asker(env, blockchain, head_before)
    named = [keys.withdrawal(entry.tenant_id, entry.sk) for entry in entries.values()]
    records = env.store.get_many(WithdrawalRecord, named) if named else {}
    found: list[Flight] = []
    for record in records.values():
        done: Mapping[str, int] = asker.done(record, entries[record.sk])
        booked: Mapping[str, int] = books.paid.get(record.sk, {})
        for code in sorted({*done, *booked}):
            units = booked.get(code, 0) - done.get(code, 0)
            if units:
                found.append(Flight("payout", record.sk, code, units))
        found += asker.filler(entries[record.sk])
    return found


class _Asker:
    """Asks the chain what became of payouts."""

    def __init__(self, env: Environment, blockchain: str, head_before: int) -> None:
        self._env, self._blockchain, self._head_before = env, blockchain, head_before
        self._adapter: ChainAdapter = env.chains[blockchain]
        self._gas_code = bookings.gas_code(env.catalogue, blockchain)
        self._hashes: dict[int, str | None] = {}

    def done(self, record: WithdrawalRecord, entry: OpenPayout) -> Mapping[str, int]:
        """Return what the chain has taken from our addresses for a withdrawal, by currency code."""
        taken: defaultdict[str, int] = defaultdict(int)
        if not record.signed:
            return taken
        if entry.ended is not None and self._is_where_it_was(entry):
            taken[record.currency] += record.amount if entry.is_ok and not record.is_internal else 0
            taken[self._gas_code] += record.gas[1] if record.gas else 0
            return taken
        batch = self._batch(record)
        mined = next((one for one in self._seen(record, batch) if one.state == "mined"), None)
        if mined is not None:
            taken[record.currency] += record.amount if self._has_left(record, mined) else 0
            taken[self._gas_code] += self._gas(record, batch, mined)
        return taken

    def filler(self, entry: OpenPayout) -> list[Flight]:
        """Return the gas of what spent an empty slot: nobody books it."""
        if entry.filler is None:
            return []
        status = self._status(read_attempt(entry.filler))
        is_mined = status.state == "mined" and status.fee_units
        return [Flight("filler", entry.sk, self._gas_code, -(status.fee_units or 0))] if is_mined else []

    def _has_left(self, record: WithdrawalRecord, mined: TxStatus) -> bool:
        """Tell whether it is money that our addresses may have no more.

        A move from one to another takes nothing away, unless both were asked while it was on its way.
        """
        is_between = record.is_internal and (mined.height or 0) <= self._head_before
        return bool(mined.ok) and not is_between

    def _is_where_it_was(self, entry: OpenPayout) -> bool:
        if entry.height is None:
            return False
        if entry.height not in self._hashes:
            self._hashes[entry.height] = self._adapter.block_hash(entry.height)
        return self._hashes[entry.height] == entry.block_hash

    def _batch(self, record: WithdrawalRecord) -> CoinBatch | None:
        if not record.is_batched or record.slot is None:
            return None
        return self._env.store.get(CoinBatch, keys.coin_batch(self._blockchain, record.slot))

    def _seen(self, record: WithdrawalRecord, batch: CoinBatch | None) -> list[TxStatus]:
        if batch is not None:
            return [self._status(attempt) for attempt in batch.attempts]
        return [self._status(attempt) for attempt in record.attempts if attempt.raw]

    def _gas(self, record: WithdrawalRecord, batch: CoinBatch | None, mined: TxStatus) -> int:
        if batch is None:
            return mined.fee_units or 0
        children = sum(self._status(child).fee_units or 0 for child in batch.children)
        return batch.share((mined.fee_units or 0) + children, record.sk)

    def _status(self, signed: BatchAttempt | Attempt) -> TxStatus:
        return self._adapter.status(signed.txid, self._adapter.spends(signed.raw))
