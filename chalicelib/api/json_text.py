"""Reading JSON without losing anything: numbers keep their digits, duplicate keys and odd text are refused."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from chalicelib.errors import InvalidRequestError


class NumberText(str):
    """A JSON number with a fraction or exponent, as the digits that were sent: never a float."""

    __slots__ = ()


def parse(raw: bytes) -> Any:
    """Read a request's body.

    Raises:
        InvalidRequestError: not JSON (RFC 8259), a key twice, NaN, or text that is no Unicode.
    """
    try:
        parsed = json.loads(
            raw.decode(), parse_float=NumberText, parse_constant=_refuse, object_pairs_hook=_without_duplicates
        )
        json.dumps(parsed, ensure_ascii=False).encode()  # a lone surrogate is no text and cannot be stored
    except InvalidRequestError:
        raise
    except (ValueError, RecursionError):
        raise InvalidRequestError("The body is not valid JSON; send one JSON object in UTF-8.") from None
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise InvalidRequestError(f"{constant} is no JSON number; send a plain decimal.")


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        keys = [key for key, _ in pairs]
        # A lone surrogate cannot be answered; it is not printable.
        twice = sorted({key for key in keys if keys.count(key) > 1 and key.isprintable()})
        details = {key: ["stands in the body more than once"] for key in twice}
        raise InvalidRequestError("A field stands in the body more than once; send it once.", details=details)
    return seen
