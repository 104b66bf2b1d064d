"""How large an item is, by DynamoDB's published rules.

Source: "DynamoDB item sizes and formats", Amazon DynamoDB Developer Guide.
"""

from collections.abc import Mapping
from typing import Any

CONTAINER_BYTES = 3  # every list and map
ELEMENT_BYTES = 1  # every element of one

Item = Mapping[str, Mapping[str, Any]]


def item_bytes(item: Item | None) -> int:
    """Return an item's size in bytes: its attributes' names and values; 0 for an item that is not there.

    Args:
        item: in DynamoDB's wire format, binary values as bytes.
    """
    return sum(_name_bytes(name) + value_bytes(value) for name, value in item.items()) if item else 0


def value_bytes(value: Mapping[str, Any]) -> int:
    """Return the size in bytes of one attribute's value.

    Raises:
        ValueError: a type that no record of ours has (sets).
    """
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return number_bytes(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return CONTAINER_BYTES + sum(ELEMENT_BYTES + value_bytes(element) for element in content)
        case "M":
            return CONTAINER_BYTES + ELEMENT_BYTES * len(content) + item_bytes(content)
    raise ValueError(f"the meter knows no size of the type {kind}")


def number_bytes(digits: str) -> int:
    """Return the size in bytes of a number: one for each two significant digits, one more, and one for a minus.

    The guide calls its rule approximate; where the significant digits start within their pair is left out here.
    """
    mantissa = digits.lower().partition("e")[0].lstrip("+-")
    significant = mantissa.replace(".", "").strip("0") if "." in mantissa else mantissa.strip("0")
    return (len(significant) + 1) // 2 + 1 + digits.startswith("-")


def _name_bytes(name: str) -> int:
    return len(name.encode())
