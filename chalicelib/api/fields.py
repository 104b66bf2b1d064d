"""The kinds of fields that requests and answers are made of, each with its JSON Schema for OpenAPI."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.api.json_text import NumberText

URL_LENGTH = 512


class SentAmount(str):
    """An amount as its digits were sent, number or string; read exactly once the currency is known."""

    __slots__ = ()


_AMOUNT_SCHEMA = {
    "type": ["string", "number"],
    "description": "Plain decimal notation, at most 8 decimals; a string or a JSON number, read exactly.",
    "examples": ["100.00", 100.25],
}
Amount = Annotated[SentAmount, Meta(extra_json_schema=_AMOUNT_SCHEMA)]
Money = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{8}$", examples=["99.00000000"])]
FiatMoney = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["100.00"])]
Rate = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]+(\.[0-9]+)?$",
        description="Plain notation, 12 significant digits.",
        examples=["0.999000999001"],
    ),
]
Number = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "number"})]
Timestamp = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", extra_json_schema={"format": "date-time"})
]
PLAIN_TEXT = r"^[^\u0000-\u001f\u007f]*$"  # no control characters: these are shown, searched for and put into logs
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$",
    ),
]
OrderId = Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN_TEXT)]
OwnId = Annotated[str, Meta(min_length=1, pattern=PLAIN_TEXT)]
Description = Annotated[str, Meta(max_length=500)]
# Kept for the merchant as it was sent: nothing is ever mailed there, so nothing is judged but its length.
Email = Annotated[str, Meta(max_length=254, examples=["customer@example.com"])]
Url = Annotated[str, Meta(min_length=1, max_length=URL_LENGTH)]
CurrencyCode = Annotated[str, Meta(min_length=1, max_length=20, examples=["USDTTRC20"])]
CurrencyKey = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}$", examples=["USDTTRC20"])]
ChainName = Annotated[str, Meta(min_length=1, max_length=20, examples=["TRX"])]
TokenName = Annotated[str, Meta(min_length=1, max_length=20, examples=["USDT"])]
Id = Annotated[str, Meta(min_length=1, max_length=64)]


def read_custom(kind: type, value: Any) -> Any:
    """Make the field kinds that msgspec does not know from JSON values.

    Raises:
        ValueError: the value is of another kind; msgspec names the field.
    """
    if kind is SentAmount:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise ValueError("Expected a number or a string in plain decimal notation")
        return SentAmount(value)
    raise NotImplementedError(kind)


def is_number_text(value: Any) -> bool:
    """Whether a value is a JSON number with a fraction: never text, whatever its Python type says."""
    return isinstance(value, NumberText)


def number(plain: str) -> msgspec.Raw:
    """Write a decimal in plain notation as a JSON number, digit for digit."""
    return msgspec.Raw(plain.encode())
