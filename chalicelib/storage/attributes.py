"""PynamoDB attributes that keep what DynamoDB keeps: exact integers, and compact JSON."""

import json
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER, STRING


class IntegerAttribute(Attribute[int]):
    """A whole number, exact to DynamoDB's 38 digits (PynamoDB's own reads decimals back as floats)."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        """Write the digits; anything but an int is a bug and refused."""
        if type(value) is not int:
            raise TypeError(f"{self.attr_name} takes an int, not {type(value).__name__}")
        return str(value)

    def deserialize(self, value: str) -> int:
        """Read the digits back."""
        return int(value)


class OptionalIntegerAttribute(Attribute[int | None]):
    """A whole number that an item may lack."""

    attr_type = NUMBER

    def __init__(self, attr_name: str | None = None) -> None:
        super().__init__(null=True, attr_name=attr_name)

    def serialize(self, value: int | None) -> str | None:
        """Write the digits."""
        return None if value is None else str(value)

    def deserialize(self, value: str) -> int:
        """Read the digits back."""
        return int(value)


class CompactJsonAttribute(Attribute[Any]):
    """A small structure that is only ever read and written whole, as JSON without white space."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        """Write JSON in its shortest form: write units are counted in bytes."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    def deserialize(self, value: str) -> Any:
        """Read the structure back."""
        return json.loads(value)
