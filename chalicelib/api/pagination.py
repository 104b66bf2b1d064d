"""Cursors: where the next page begins, opaque to callers."""

import base64
import binascii
import re

from chalicelib.errors import InvalidRequestError

_POSITION = re.compile(r"[A-Za-z0-9#:_-]{1,120}")


def write_cursor(position: str) -> str:
    """Return the cursor of a position in a list."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Return the position that a cursor means.

    Raises:
        InvalidRequestError: it is none of ours.
    """
    try:
        position = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        position = ""
    if not _POSITION.fullmatch(position):
        raise InvalidRequestError("The cursor cannot be read.", details={"cursor": ["take it from next_cursor"]})
    return position


def after_of(cursor: str | None, offset: int) -> str | None:
    """Return the position that a page goes on from, or None when it begins with the list.

    Raises:
        InvalidRequestError: the cursor is none of ours, or comes with an offset.
    """
    if cursor and offset:
        raise InvalidRequestError("Give a cursor or an offset, not both.", details={"cursor": ["excludes offset"]})
    return read_cursor(cursor) if cursor else None
