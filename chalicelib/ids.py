"""Names of new things."""

import hashlib
import os
import threading
import uuid

PLACES = 1 << 12  # in one millisecond


def uuid7(now: float) -> str:
    """Return a UUID of version 7 (RFC 9562): unique, unguessable, and in the order of its time.

    Args:
        now: Unix seconds; the id keeps milliseconds.
    """
    milliseconds, place = _places.next(int(now * 1000))
    random = int.from_bytes(os.urandom(8)) & (1 << 62) - 1
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | place << 64 | 0b10 << 62 | random))


class _Places:
    """Keeps this process's ids of one millisecond in order (RFC 9562, section 6.2, method 1)."""

    def __init__(self) -> None:
        self._last = (0, 0)
        self._lock = threading.Lock()

    def next(self, milliseconds: int) -> tuple[int, int]:
        """Return the millisecond and the place in it; a full one, or a clock set back, goes on in the last."""
        with self._lock:
            last, place = self._last
            self._last = (milliseconds, 0) if milliseconds > last else _after(last, place)
            return self._last


def _after(milliseconds: int, place: int) -> tuple[int, int]:
    return (milliseconds, place + 1) if place < PLACES - 1 else (milliseconds + 1, 0)


_places = _Places()


def event_id(tenant_id: str, subject: str, version: int) -> str:
    """Return the id of the event that a subject's version made: the same whoever computes it."""
    return "evt_" + hashlib.sha256(f"{tenant_id}|{subject}|{version}".encode()).hexdigest()[:28]
