"""The rules of a token bucket, told by one number: when it will be full again (the generic cell rate algorithm).

Each request moves that moment on by what one request costs in time; a request that would move it further ahead of
now than the burst reaches is refused. Times are whole microseconds. Nothing here knows a clock or a table.
Source: ITU-T I.371, annex A; the fields of answers are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

from dataclasses import dataclass

MICROSECONDS = 1_000_000
MINUTE_SECONDS = 60
DEFAULT_PER_MINUTE = 600
DEFAULT_BURST = 100
_MINUTE = MINUTE_SECONDS * MICROSECONDS
PART_PERCENT = 5
KEPT_PER_MILLE = 4


@dataclass(frozen=True)
class Quota:
    """What a tenant may ask.

    Attributes:
        per_minute: requests a minute, in the long run.
        burst: how many of them at once.
    """

    per_minute: int = DEFAULT_PER_MINUTE
    burst: int = DEFAULT_BURST

    @property
    def part(self) -> int:
        """The most that a process leases at once: 5 % of the quota and one second of it, one request at least."""
        return max(1, min(self.per_minute * PART_PERCENT // 100, self.per_minute // MINUTE_SECONDS))

    @property
    def kept(self) -> int:
        """How much of a lease may outlive its second: what twenty processes keep is 8 % of the quota at most."""
        return self.per_minute * KEPT_PER_MILLE // 1000

    def cost(self, requests: int) -> int:
        """Return the time that so many requests take to be restored, in microseconds, rounded up."""
        return -(-requests * _MINUTE // self.per_minute)

    def available(self, full_at: int, now: int) -> int:
        """Return how many requests the bucket holds.

        Args:
            full_at: when it will be full again, in microseconds.
            now: in microseconds.
        """
        return max(0, (now + self.cost(self.burst) - max(full_at, now)) * self.per_minute // _MINUTE)

    def latest(self, requests: int, now: int) -> int:
        """Return the last ``full_at`` at which so many requests can still be taken."""
        return now + self.cost(self.burst) - self.cost(requests)

    def wait(self, full_at: int, now: int) -> int:
        """Return the microseconds until the bucket holds one request."""
        return max(0, full_at - self.latest(1, now))


DEFAULT = Quota()


def seconds_up(microseconds: int) -> int:
    """Return whole seconds, rounded up: who waits that long does not come too early."""
    return -(-microseconds // MICROSECONDS)
