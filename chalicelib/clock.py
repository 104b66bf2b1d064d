"""Where the time comes from: one clock, passed in, so that a sandbox or a test can move it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time that expiries, tokens, webhook timestamps and price freshness follow."""

    def now(self) -> float:
        """Return the current time in Unix seconds."""
        ...


class SystemClock:
    """The machine's own clock: what every deployed stage uses."""

    def now(self) -> float:
        """Return the machine's time in Unix seconds."""
        return time.time()


def iso(unix_seconds: float) -> str:
    """Write a time as the API shows it: ISO 8601, UTC with ``Z``, whole seconds."""
    return datetime.fromtimestamp(int(unix_seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
