"""What will fall due in the table by itself: webhook attempts, expiries, dearer payouts, looks at what is swept.

Attempts and expiries stand in buckets, one for each hour.

The advance of the clock asks here, so that it stops where something happens and skips the empty days.
"""

from collections.abc import Callable

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.environment import Environment
from chalicelib.payments.expiry import INDEX, ExpiryEntry
from chalicelib.payouts.rules import STUCK_SECONDS
from chalicelib.payouts.turns import open_withdrawals
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.sweeping.records import HoldingRecord, due_text

HOUR_SECONDS = 3600
# Nothing is ever planned further ahead: the longest wait between attempts with its jitter, the longest expiry.
LONGEST_RETRY_SECONDS = 27 * HOUR_SECONDS
LONGEST_EXPIRY_SECONDS = 169 * HOUR_SECONDS

Look = Callable[[int, float], float | None]


class DueWork:
    """Finds the next moment at which a sweep will have something to do."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    def next_after(self, after: float, until: float) -> float | None:
        """Return the next time at which one of them is due, or None.

        Args:
            after: Unix seconds; what was due then or before is not asked for.
            until: Unix seconds; what is due later than that is not asked for.
        """
        retry = self._first(self._retry, after, min(until, after + LONGEST_RETRY_SECONDS))
        expiry = self._first(self._expiry, after, min(until, after + LONGEST_EXPIRY_SECONDS))
        bump = self._bump(after, until)
        look = self._look_at_holdings(after, until)
        return min((time for time in (retry, expiry, bump, look) if time is not None), default=None)

    def _first(self, look: Look, after: float, until: float) -> float | None:
        for hour in range(int(after) // HOUR_SECONDS, int(until) // HOUR_SECONDS + 1):
            time = look(hour, after)
            if time is not None:
                return time if time <= until else None
        return None

    def _bump(self, after: float, until: float) -> float | None:
        times = (
            record.attempts[-1].signed_at / 1000 + STUCK_SECONDS
            for blockchain in self._env.chains
            for record in open_withdrawals(self._env, blockchain)
            if record.signed and record.height is None
        )
        return min((time for time in times if after < time <= until), default=None)

    def _look_at_holdings(self, after: float, until: float) -> float | None:
        if self._env.settings.sweep_above_cents is None or until < after + 1:
            return None
        between = Path("lv").between(due_text(after + 1), due_text(until))
        pages = (
            self._env.store.query(Record, keys.due_holdings(blockchain), between, limit=1, index="list_index")
            for blockchain in self._env.chains
        )
        named = [page.records[0].key for page in pages if page.records]
        found = self._env.store.get_many(HoldingRecord, named) if named else {}
        times = (float(holding.lv) for holding in found.values())
        return min((time for time in times if after < time <= until), default=None)

    def _retry(self, hour: int, after: float) -> float | None:
        later: Condition = Record.sk > f"{int(after):012d}~"
        page = self._env.store.query(Record, keys.retry_bucket(hour * HOUR_SECONDS), later, limit=1)
        return float(page.records[0].sk.partition("#")[0]) if page.records else None

    def _expiry(self, hour: int, after: float) -> float | None:
        later: Condition = Path("xa") > int(after * 1000)
        bucket = keys.expiry_bucket(hour * HOUR_SECONDS)
        page = self._env.store.query(ExpiryEntry, bucket, later, limit=1, index=INDEX)
        return float(page.records[0].expires_at) / 1000 if page.records else None
