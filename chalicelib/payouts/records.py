"""What paying out keeps beside the withdrawals: a wallet's counter, and the transactions that pay several."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.chains.adapter import Coin, Spending
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record

MOST_BATCH_BYTES = 380_000  # an item holds 400 KB, names and numbers among them


class HotWallet(Record):
    """A wallet that payouts leave: slots below ``next_slot`` belong to one transaction each, for ever.

    Attributes:
        next_slot: the slot that its next payout takes.
        address: where its payouts leave from, for who holds no key: the audit asks what lies there.
    """

    next_slot = IntegerAttribute(attr_name="n")
    address = UnicodeAttribute(attr_name="a", null=True)


@dataclass(frozen=True, slots=True)
class BatchAttempt:
    """A transaction signed for a batch: the same coins as every other one, and the same payouts.

    Attributes:
        txid: the id that it has on the chain.
        raw: the bytes that go to the node, the same at every retry.
        fee_units: what it leaves to the chain.
        change_units: what comes back to the hot wallet.
        signed_at: Unix milliseconds.
    """

    txid: str
    raw: bytes
    fee_units: int
    change_units: int
    signed_at: int


class CoinBatch(Record):
    """One transaction that pays several withdrawals out of coins; its coins are its slot. Bytes lie here once.

    Attributes:
        payouts: ``[merchant, withdrawal id]`` of each, in the order of the outputs.
        coins: ``[outpoint, units, key path]`` of each coin that every attempt spends.
        signed: attempts as stored: see ``attempts``.
        pushed: children that pay for stuck attempts where these cannot be replaced, in the same shape.
        version: counts the changes.
    """

    payouts = CompactJsonAttribute(attr_name="p")
    coins = CompactJsonAttribute(attr_name="c")
    signed = CompactJsonAttribute(attr_name="t")
    pushed = CompactJsonAttribute(attr_name="u", null=True)
    version = IntegerAttribute(attr_name="v")

    @property
    def attempts(self) -> list[BatchAttempt]:
        """All that was ever signed for it, oldest first."""
        return [_read(stored) for stored in self.signed]

    @property
    def children(self) -> list[BatchAttempt]:
        """What was signed to pay for its attempts, oldest first: each spends the change of one, or of a child."""
        return [_read(stored) for stored in self.pushed or []]

    def spending(self, attempt: BatchAttempt) -> Spending:
        """Return what an attempt takes and leaves."""
        coins = tuple(Coin(outpoint, units, key_path) for outpoint, units, key_path in self.coins)
        return Spending(coins, attempt.fee_units, attempt.change_units)

    def has_room_for(self, attempt: BatchAttempt) -> bool:
        """Tell whether one more attempt, or child, fits the item that all of them must fit."""
        content = [self.payouts, self.coins, self.signed, self.pushed, stored_attempt(attempt)]
        return len(json.dumps(content)) <= MOST_BATCH_BYTES

    def has(self, txid: str) -> bool:
        """Tell whether an attempt with that id is among its own."""
        return any(attempt.txid == txid for attempt in self.attempts)

    def raw_of(self, txid: str) -> bytes:
        """Return an attempt's bytes.

        Raises:
            KeyError: it has no such attempt.
        """
        return {attempt.txid: attempt.raw for attempt in self.attempts}[txid]

    def share(self, fee_units: int, withdrawal_id: str) -> int:
        """Return a withdrawal's part of what the chain took: equal parts, the odd units on the first ones."""
        place = [found for _, found in self.payouts].index(withdrawal_id)
        each, odd_units = divmod(fee_units, len(self.payouts))
        return each + (1 if place < odd_units else 0)


def stored_attempt(attempt: BatchAttempt) -> list[Any]:
    """Return a batch's attempt in its stored shape."""
    raw = base64.b64encode(attempt.raw).decode()
    return [attempt.txid, raw, attempt.fee_units, attempt.change_units, attempt.signed_at]


def _read(stored: list[Any]) -> BatchAttempt:
    txid, raw, fee_units, change_units, signed_at = stored
    return BatchAttempt(txid, base64.b64decode(raw), fee_units, change_units, signed_at)
