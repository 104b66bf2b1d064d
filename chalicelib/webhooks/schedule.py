"""When a delivery is tried again: ten attempts over about three and a half days."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from math import ceil

MINUTE = 60
HOUR = 60 * MINUTE

# The wait before each attempt, counted from the end of the one before it.
WAITS_SECONDS = (
    0,
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
MAX_ATTEMPTS = len(WAITS_SECONDS)
JITTER_SHARE = 0.1
RETRY_AFTER_MAX_SECONDS = 24 * HOUR
# Longer waits do not fit a queue's delay or would hold it up: they go into a due-bucket that a sweep empties.
QUEUE_DELAY_BELOW_SECONDS = MINUTE
_DIGITS_MAX = 10


def next_delay_seconds(attempts_made: int, retry_after: int | None, jitter: float) -> float | None:
    """Return how long to wait before the next attempt.

    Args:
        attempts_made: how many attempts this delivery has had: 0 for a new one.
        retry_after: the seconds that the receiver asked for, or None; counted up to 24 hours.
        jitter: a random number from 0 to 1: spreads the wait by up to 10 %, so that a receiver that comes
            back is not met by everything at once.

    Returns:
        Seconds from the end of the last attempt: the later of the schedule and the receiver's wish. None
        after the tenth attempt: the delivery has failed.

    Raises:
        ValueError: the jitter is not between 0 and 1, or there were fewer than no attempts.
    """
    if not 0 <= jitter <= 1 or attempts_made < 0:
        raise ValueError("jitter lies between 0 and 1, and attempts are counted from 0")
    if attempts_made >= MAX_ATTEMPTS:
        return None
    scheduled = WAITS_SECONDS[attempts_made] * (1 + JITTER_SHARE * jitter)
    return max(scheduled, float(min(retry_after or 0, RETRY_AFTER_MAX_SECONDS)))


def uses_queue_delay(delay_seconds: float) -> bool:
    """Tell whether a wait is short enough for the queue's own delay; any longer one goes to a due-bucket."""
    return delay_seconds < QUEUE_DELAY_BELOW_SECONDS


def read_retry_after(header: str | None, now: float) -> int | None:
    """Read a ``Retry-After`` header (RFC 9110 §10.2.3): whole seconds or an HTTP date.

    Args:
        header: the header's text, or None when there was none.
        now: the current Unix time, that a date is counted from.

    Returns:
        Seconds to wait, from 0 up to 24 hours; None when the header is absent or makes no sense.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text), RETRY_AFTER_MAX_SECONDS) if len(text) <= _DIGITS_MAX else RETRY_AFTER_MAX_SECONDS
    try:
        date = parsedate_to_datetime(text)
        wait = ceil((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None
    return min(max(wait, 0), RETRY_AFTER_MAX_SECONDS)
