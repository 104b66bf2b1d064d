"""Durations as the controls take them: a number or a text, whole or not."""

import re

from chalicelib.errors import InvalidRequestError

_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


def seconds_of(sent: str, longest: float, field: str = "seconds") -> float:
    """Read a duration from 0 up to the longest.

    Raises:
        InvalidRequestError: it is none, or longer.
    """
    if not _PLAIN.fullmatch(sent) or not float(sent) <= longest:
        details = {field: [f"must be a number of seconds from 0 to {longest:g}"]}
        raise InvalidRequestError(f"Check this field and send the request again: {field}.", details=details)
    return float(sent)
