"""A latency model of DynamoDB transactions: how long a recorded run would have taken on AWS, and what it met.

A transaction takes 25.3 ms, and 0.34 ms more for each item beyond five. Two that want the same item meet when one
comes while the other has it locked, between its two phases: then the later one is cancelled after the 25.3 ms,
waits as the store does, and tries again.
"""

import random
from dataclasses import dataclass, field

TRANSACTION_MS, ITEM_MS, ITEMS_INCLUDED = 25.3, 0.34, 5
LOCKED_MS = 5.0  # of a hold's transaction: from its first phase to its second
HOLDS_PER_SECOND = 20


def transaction_ms(items: int) -> float:
    """Return how long a transaction of that many items takes."""
    return TRANSACTION_MS + ITEM_MS * max(0, items - ITEMS_INCLUDED)


@dataclass(slots=True)
class Timeline:
    """One worker's time, with holds on the same balance arriving at random (the same ones each time).

    Attributes:
        locked_ms: for how long each hold locks the balance.
        has_holds: whether holds come here: of a split account, to the first part alone.
        now_ms: the modelled time.
        transactions: the items of each transaction that was committed.
        conflicts: how many were cancelled because a hold was there first, each tried again.
        holds: how many holds have arrived.
    """

    locked_ms: float = LOCKED_MS
    has_holds: bool = True
    now_ms: float = 0.0
    transactions: list[int] = field(default_factory=list)
    conflicts: int = 0
    holds: int = 0
    _last_hold_ms: float = float("-inf")
    _next_hold_ms: float = 0.0
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 -- a model

    def starts(self, items: int) -> bool:
        """Start a transaction; False when it meets a hold and is cancelled."""
        if self.now_ms - self._last_hold_ms < self.locked_ms:
            self.conflicts += 1
            self.now_ms += TRANSACTION_MS
            return False
        self.transactions.append(items)
        self.now_ms += transaction_ms(items)
        return True

    def arrived(self) -> int:
        """Return how many holds have arrived since this was asked last."""
        before = self.holds
        while self.has_holds and self._next_hold_ms <= self.now_ms:
            self.holds += 1
            self._last_hold_ms = self._next_hold_ms
            self._next_hold_ms += self._chance.expovariate(HOLDS_PER_SECOND / 1000)
        return self.holds - before

    def waits(self, seconds: float) -> None:
        """Let the worker wait."""
        self.now_ms += seconds * 1000
