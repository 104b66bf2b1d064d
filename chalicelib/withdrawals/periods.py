"""Dates as callers write them: a day or a moment, and the span of milliseconds that it stands for."""

import re
from datetime import UTC, datetime, timedelta

from chalicelib.errors import InvalidRequestError

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?P<zone>[Zz]|[+ -]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def first_ms(text: str, field: str) -> int:
    """Return the first Unix millisecond of a date or moment.

    Raises:
        InvalidRequestError: it is neither.
    """
    return _span(text, field)[0]


def last_ms(text: str, field: str) -> int:
    """Return the last Unix millisecond of a date or moment; times are shown in whole seconds, so a second is one.

    Raises:
        InvalidRequestError: it is neither.
    """
    return _span(text, field)[1]


def _span(text: str, field: str) -> tuple[int, int]:
    try:
        if _DAY.fullmatch(text):
            return _lasting(datetime.fromisoformat(f"{text}T00:00:00+00:00"), timedelta(days=1))
        return _lasting(_moment(text), timedelta(seconds=1))
    except ValueError:
        problem = "must be a date (2024-12-27) or a date and time (2024-12-27T10:00:00Z)"
        raise InvalidRequestError(f"{field} {problem}.", details={field: [problem]}) from None


def _moment(text: str) -> datetime:
    """Read a moment; without a zone it is UTC. The ``+`` of a zone comes as a blank when nobody encoded it."""
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    zone = (parts["zone"] or "Z").replace(" ", "+").upper()
    return datetime.fromisoformat(f"{parts['day']}T{parts['time']}{zone}")


def _lasting(start: datetime, length: timedelta) -> tuple[int, int]:
    first = (start - _EPOCH) // _MILLISECOND
    return first, first + length // _MILLISECOND - 1
