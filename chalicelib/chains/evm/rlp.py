"""Recursive Length Prefix (Ethereum's yellow paper, appendix B): how transactions become bytes."""

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | Sequence[Item]"

_STRING, _LIST = 0x80, 0xC0
_LONGEST_SHORT = 55  # bytes whose number fits the first byte
_DEEPEST = 8  # a transaction nests three deep; bytes that nest deeper are none of ours


class RlpError(ValueError):
    """The bytes are not the one canonical encoding of anything."""


def encode(item: Item) -> bytes:
    """Write a byte string, or a list of items, in its only encoding."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _head(len(item), _STRING) + item
    body = b"".join(encode(each) for each in item)
    return _head(len(body), _LIST) + body


def encode_number(number: int) -> bytes:
    """Write a whole number as RLP's users do: big-endian, without leading zeros, zero as nothing."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode(raw: bytes) -> Item:
    """Read one item that fills the bytes.

    Raises:
        RlpError: bytes are missing or left over, or there is a shorter way to write the same.
    """
    item, end = _read(raw, 0, 0)
    if end != len(raw):
        raise RlpError("There are bytes after the end.")
    return item


def decode_number(item: Item) -> int:
    """Read a whole number.

    Raises:
        RlpError: a list, or a number with leading zeros.
    """
    if not isinstance(item, bytes):
        raise RlpError("A list stands where a number should.")
    if item.startswith(b"\0"):
        raise RlpError("A number has leading zeros.")
    return int.from_bytes(item, "big")


def _head(length: int, kind: int) -> bytes:
    if length <= _LONGEST_SHORT:
        return bytes([kind + length])
    digits = encode_number(length)
    return bytes([kind + _LONGEST_SHORT + len(digits)]) + digits


def _read(raw: bytes, start: int, depth: int) -> tuple[Item, int]:
    """Return the item that begins at ``start``, and where the next one would."""
    first = _slice(raw, start, 1)[0]
    if first < _STRING:
        return raw[start : start + 1], start + 1
    kind = _STRING if first < _LIST else _LIST
    at, length = _length(raw, start, first - kind)
    body, end = _slice(raw, at, length), at + length
    if kind == _LIST:
        return _read_list(raw, at, end, depth + 1), end
    if length == 1 and body[0] < _STRING:
        raise RlpError("A small byte is written the long way.")
    return body, end


def _read_list(raw: bytes, at: int, end: int, depth: int) -> list[Item]:
    if depth > _DEEPEST:
        raise RlpError("Lists are nested too deep.")
    items: list[Item] = []
    while at < end:
        item, at = _read(raw[:end], at, depth)
        items.append(item)
    return items


def _length(raw: bytes, start: int, size: int) -> tuple[int, int]:
    """Return where the body begins and how long it is."""
    if size <= _LONGEST_SHORT:
        return start + 1, size
    digits = _slice(raw, start + 1, size - _LONGEST_SHORT)
    length = decode_number(digits)
    if length <= _LONGEST_SHORT:
        raise RlpError("A short length is written the long way.")
    return start + 1 + len(digits), length


def _slice(raw: bytes, start: int, length: int) -> bytes:
    part = raw[start : start + length]
    if len(part) != length:
        raise RlpError("The bytes end too early.")
    return part
