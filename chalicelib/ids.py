"""Names of new things."""

import hashlib
import os
import uuid


def uuid7(now: float) -> str:
    """Return a UUID of version 7 (RFC 9562): unique, unguessable, and in the order of its time.

    Args:
        now: Unix seconds; the id keeps milliseconds.
    """
    random = int.from_bytes(os.urandom(10))
    value = int(now * 1000) << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def event_id(tenant_id: str, subject: str, version: int) -> str:
    """Return the id of the event that a subject's version made: the same whoever computes it."""
    return "evt_" + hashlib.sha256(f"{tenant_id}|{subject}|{version}".encode()).hexdigest()[:28]
