"""What will fall due in the table by itself: webhook attempts and expiries, each in a bucket for its hour.

The advance of the clock asks here, so that it stops where something happens and skips the empty days.
"""

from collections.abc import Callable

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.environment import Environment
from chalicelib.payments.expiry import INDEX, ExpiryEntry
from chalicelib.storage import keys
from chalicelib.storage.records import Record

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
        """Return the next time at which an attempt or an expiry is due, or None.

        Args:
            after: Unix seconds; what was due then or before is not asked for.
            until: Unix seconds; what is due later than that is not asked for.
        """
        retry = self._first(self._retry, after, min(until, after + LONGEST_RETRY_SECONDS))
        expiry = self._first(self._expiry, after, min(until, after + LONGEST_EXPIRY_SECONDS))
        return min((time for time in (retry, expiry) if time is not None), default=None)

    def _first(self, look: Look, after: float, until: float) -> float | None:
        for hour in range(int(after) // HOUR_SECONDS, int(until) // HOUR_SECONDS + 1):
            time = look(hour, after)
            if time is not None:
                return time if time <= until else None
        return None

    def _retry(self, hour: int, after: float) -> float | None:
        later: Condition = Record.sk > f"{int(after):012d}~"
        page = self._env.store.query(Record, keys.retry_bucket(hour * HOUR_SECONDS), later, limit=1)
        return float(page.records[0].sk.partition("#")[0]) if page.records else None

    def _expiry(self, hour: int, after: float) -> float | None:
        later: Condition = Path("xa") > int(after * 1000)
        bucket = keys.expiry_bucket(hour * HOUR_SECONDS)
        page = self._env.store.query(ExpiryEntry, bucket, later, limit=1, index=INDEX)
        return float(page.records[0].expires_at) / 1000 if page.records else None
