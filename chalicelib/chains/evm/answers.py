"""What nodes answer, read strictly by the Ethereum JSON-RPC specification: anything else is a ValueError."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.chains import evm_address

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ADDRESS_PADDING = "0" * 24


def quantity(value: Any) -> int:
    """Read a whole number; leading zeros are forgiven, as some nodes write them."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise ValueError("no quantity")
    return int(value, 16)


def hash32(value: Any) -> str:
    """Read the hash of a block or transaction, in lower case."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError("no hash")
    return value.lower()


def data(value: Any) -> bytes:
    """Read bytes."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise ValueError("no data")
    return bytes.fromhex(value[2:])


def word(value: Any) -> int:
    """Read what a call that returns one number returned: exactly 32 bytes."""
    return int(hash32(value), 16)


def account(value: Any) -> str:
    """Read an address, in lower case: to compare it is quicker than to checksum it."""
    if not isinstance(value, str) or not evm_address.has_form(value):
        raise ValueError("no address")
    return value.lower()


def padded_account(value: Any) -> str:
    """Read an address from a log's topic, which is 32 bytes, in lower case."""
    topic = hash32(value)
    if not topic.startswith(_ADDRESS_PADDING, 2):
        raise ValueError("no address")
    return "0x" + topic[2 + len(_ADDRESS_PADDING) :]


def canonical(lower_case: str) -> str:
    """Return an address in its canonical spelling (EIP-55)."""
    return evm_address.checksummed(bytes.fromhex(lower_case[2:]))


def mapping(value: Any) -> Mapping[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - one kind of error for all that a node says wrong
    return value


def listing(value: Any) -> Sequence[Any]:
    """Read a list."""
    if not isinstance(value, list):
        raise ValueError("no list")  # noqa: TRY004 - as above
    return value
