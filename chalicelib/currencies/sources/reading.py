"""Reading prices out of JSON: exactly, or not at all.

Numbers are kept as the text that the server wrote, so no price ever passes through a binary fraction, and no
exponent is worked out before it is known to be sensible.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NoReturn

from chalicelib.currencies.agreement import AGREEMENT
from chalicelib.currencies.prices import PriceSourceError

# No coin or fiat of ours comes near either end; what lies beyond is a slip of the source.
LEAST = Fraction(1, 10**9)
GREATEST = Fraction(10**9)
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_SECONDS = re.compile(r"[0-9]{10}(\.[0-9]{1,9})?")


def parse(body: bytes) -> Any:
    """Read JSON, every number as its text.

    Raises:
        PriceSourceError: it is no JSON.
    """
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise PriceSourceError("answered something else than JSON") from error


def part(answer: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at a path of an answer.

    Raises:
        PriceSourceError: there is none.
    """
    for step in path:
        answer = answer.get(step) if isinstance(answer, dict) else None
    if not isinstance(answer, dict):
        raise PriceSourceError(f"answered without {'.'.join(path) or 'an object'}")
    return answer


def price(value: Any) -> Fraction | None:
    """Return a price that may be one: a number or the text of one, within reason; else nothing."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    exact = Fraction(value)
    return exact if LEAST <= exact <= GREATEST else None


def middle(bid: Any, ask: Any) -> Fraction | None:
    """Return the price in the middle of a market.

    A market whose two sides lie further apart than sources may, or the wrong way round, says nothing.

    Args:
        bid: what buyers offer, as the server wrote it.
        ask: what sellers ask, likewise.
    """
    low, high = price(bid), price(ask)
    if low is None or high is None or not low <= high <= low * AGREEMENT:
        return None
    return (low + high) / 2


def unix_seconds(value: Any) -> float | None:
    """Return a time in Unix seconds, or nothing when it is none (of this or the next two centuries)."""
    return float(value) if isinstance(value, str) and _SECONDS.fullmatch(value) else None


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
