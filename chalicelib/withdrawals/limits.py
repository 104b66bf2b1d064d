"""A merchant's withdrawal limits, and what of them is used. Pure: nothing is stored here.

Sums are of UTC days and of 30 of them, in US cents; the count is of clock hours. What is released goes back to the
day that it was used of; a count stays used: it bounds how often anything was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
WINDOW_DAYS = 30
RING_DAYS = 31
"""Days whose sums are kept: one more than are counted, for a clock that is a little ahead of another."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a merchant's withdrawals may come to; None: no such limit. Sums in US cents."""

    each_cents: int | None = None
    day_cents: int | None = None
    month_cents: int | None = None
    hour_count: int | None = None

    @property
    def any(self) -> bool:
        """Whether anything is limited at all."""
        return self.in_dollars or self.hour_count is not None

    @property
    def in_dollars(self) -> bool:
        """Whether anything is limited in dollars, so that each withdrawal is valued and its day's sum is kept."""
        return any(limit is not None for limit in (self.each_cents, self.day_cents, self.month_cents))


@dataclass(frozen=True, slots=True)
class Used:
    """What is used.

    Attributes:
        day: the day that ``today_cents`` is of, as days since 1970.
        today_cents: that day's sum.
        earlier_cents: the sums of days before it.
        hour: the hour that ``count`` is of, as hours since 1970.
        count: withdrawals in that hour.
    """

    day: int = 0
    today_cents: int = 0
    earlier_cents: Mapping[int, int] = field(default_factory=dict)
    hour: int = 0
    count: int = 0

    def at(self, now: float) -> "Used":
        """Return what is used as of a moment: days and hours that have begun since start empty.

        A clock that is behind stays on the day and hour of the others.
        """
        day, hour = max(self.day, int(now) // DAY_SECONDS), max(self.hour, int(now) // HOUR_SECONDS)
        known = {**self.earlier_cents, self.day: self.today_cents}
        kept = {one: cents for one, cents in known.items() if cents and day - RING_DAYS < one < day}
        return Used(
            day,
            known.get(day, 0) if day == self.day else 0,
            kept,
            hour,
            self.count if hour == self.hour else 0,
        )

    @property
    def window_cents(self) -> int:
        """The sum of the 30 days that end with ``day``."""
        return self.today_cents + self.window_before_cents

    @property
    def window_before_cents(self) -> int:
        """The same without ``day`` itself."""
        first = self.day - WINDOW_DAYS + 1
        return sum(cents for one, cents in self.earlier_cents.items() if one >= first)

    def without(self, day: int, cents: int) -> "Used":
        """Return what is used once something of one day was released; days long gone have nothing to give back."""
        if day == self.day:
            return replace(self, today_cents=self.today_cents - cents)
        if day not in self.earlier_cents:
            return self
        left = {**self.earlier_cents, day: self.earlier_cents[day] - cents}
        return replace(self, earlier_cents={one: sum_cents for one, sum_cents in left.items() if sum_cents})


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that leaves no room.

    Attributes:
        what: which, in words.
        limit: its bound, in cents or times.
        used: what is used of it.
        resets_at: Unix seconds from which it has more room by itself; None for a single withdrawal's bound.
        in_dollars: whether bound and use are cents.
    """

    what: str
    limit: int
    used: int
    resets_at: int | None
    in_dollars: bool = True


def excess(limits: Limits, used: Used, cents: int) -> Excess | None:
    """Return the first limit that a withdrawal would break, or None.

    Args:
        limits: the merchant's.
        used: what is used as of this moment.
        cents: what the withdrawal is worth; 0 where nothing is limited in dollars.
    """
    midnight = (used.day + 1) * DAY_SECONDS
    if limits.each_cents is not None and cents > limits.each_cents:
        return Excess("a single withdrawal", limits.each_cents, 0, None)
    if limits.hour_count is not None and used.count >= limits.hour_count:
        resets_at = (used.hour + 1) * HOUR_SECONDS
        return Excess("withdrawals in an hour", limits.hour_count, used.count, resets_at, in_dollars=False)
    if limits.day_cents is not None and used.today_cents + cents > limits.day_cents:
        return Excess("a day's withdrawals", limits.day_cents, used.today_cents, midnight)
    if limits.month_cents is not None and used.window_cents + cents > limits.month_cents:
        return Excess("30 days' withdrawals", limits.month_cents, used.window_cents, _window_frees(used))
    return None


def room_cents(limits: Limits, used: Used) -> int | None:
    """Return the most that the day's sum may come to, all else as it is; None when nothing bounds it."""
    bounds = []
    if limits.day_cents is not None:
        bounds.append(limits.day_cents)
    if limits.month_cents is not None:
        bounds.append(limits.month_cents - used.window_before_cents)
    return min(bounds, default=None)


def _window_frees(used: Used) -> int:
    """Return when the oldest day that counts leaves the window."""
    first = used.day - WINDOW_DAYS + 1
    counting = [one for one in used.earlier_cents if one >= first]
    return (min([*counting, used.day]) + WINDOW_DAYS) * DAY_SECONDS
