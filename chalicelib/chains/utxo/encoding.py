"""The few encodings that Bitcoin's and Litecoin's bytes are made of."""

import hashlib
import re

COIN_UNITS_DECIMALS = 8
OUTPOINT_BYTES = 36
_OUTPOINT = re.compile(r"([0-9a-f]{64}):(0|[1-9][0-9]{0,9})")
_LARGEST_ONE_BYTE = 0xFC
_MOST_INDEX = 0xFFFFFFFF


class MalformedError(ValueError):
    """The bytes are no block, no transaction, no outpoint: cut off, garbled, or with something behind them."""


def double_sha256(data: bytes) -> bytes:
    """Return the hash that blocks, transactions and signatures go by."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def shown(digest: bytes) -> str:
    """Write a transaction's or block's hash as everyone does: its bytes turned round, in hexadecimal."""
    return digest[::-1].hex()


def compact_size(number: int) -> bytes:
    """Write a length or a count: one byte up to 252, else a marker and 2, 4 or 8 bytes."""
    if number <= _LARGEST_ONE_BYTE:
        return bytes([number])
    for marker, width in ((b"\xfd", 2), (b"\xfe", 4), (b"\xff", 8)):
        if number < 1 << 8 * width:
            return marker + number.to_bytes(width, "little")
    raise ValueError(f"{number} is more than eight bytes can hold")


def read_long_size(data: bytes, position: int, marker: int) -> tuple[int, int]:
    """Read on where a count's first byte is above 252.

    Returns:
        The number and the position behind it; beyond the data's end, a number of what is left of it.
    """
    end = position + (2 << marker - 0xFD)
    return int.from_bytes(data[position:end], "little"), end


def outpoint_text(outpoint: bytes) -> str:
    """Write the 36 bytes that name an output as ``txid:index``."""
    return f"{shown(outpoint[:32])}:{int.from_bytes(outpoint[32:], 'little')}"


def outpoint_bytes(text: str) -> bytes:
    """Read ``txid:index``; raises MalformedError."""
    txid, index = outpoint_parts(text)
    return bytes.fromhex(txid)[::-1] + index.to_bytes(4, "little")


def outpoint_parts(text: str) -> tuple[str, int]:
    """Read ``txid:index`` into its two parts; raises MalformedError."""
    form = _OUTPOINT.fullmatch(text)
    if form is None or int(form[2]) > _MOST_INDEX:
        raise MalformedError("An outpoint is a transaction's id, a colon and an index.")
    return form[1], int(form[2])
