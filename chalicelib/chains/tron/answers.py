"""Reads a node's JSON strictly: each reader returns what was asked for, or raises ValueError.

TRON's API leaves out what is zero, empty or unset; ``absent`` values here say so.
"""

from collections.abc import Mapping
from typing import Any

HASH_BYTES = 32


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object; raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - wrong data, not a wrong program
    return value


def listing(value: Any) -> list[Any]:
    """Return a list, empty for None; raises ValueError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("no list")  # noqa: TRY004 - the same
    return value


def integer(value: Any) -> int:
    """Return an integer of zero or more, 0 for None; raises ValueError for anything else."""
    if value is None:
        return 0
    if type(value) is not int or value < 0:
        raise ValueError("no whole number")
    return value


def text(value: Any) -> str:
    """Return a text, empty for None; raises ValueError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - the same
    return value


def hash_text(value: Any) -> str:
    """Return a hash, 64 digits in lower case; raises ValueError for anything else."""
    if len(bytes.fromhex(text(value))) != HASH_BYTES:
        raise ValueError("no hash")
    return text(value).lower()


def found(value: Any) -> Mapping[str, Any] | None:
    """Return an object, or None for the empty one: so the API says that it has nothing."""
    return mapping(value) or None


def words(value: Any) -> str:
    """Return a message for people: some calls write it in hexadecimal, some as it is."""
    said = text(value)
    try:
        return bytes.fromhex(said).decode()
    except ValueError:
        return said
