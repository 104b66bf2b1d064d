"""The part of Protocol Buffers' wire format that TRON's transactions need: varints and byte strings.

https://protobuf.dev/programming-guides/encoding/ -- proto3: a field that has its default value is not written.
"""

from collections.abc import Iterable

Field = tuple[int, int | bytes]
"""A field's number, with a 64-bit integer that is not negative, or with bytes: a text or a nested message."""

MOST = 2**63 - 1
_VARINT, _BYTES = 0, 2


def encode(fields: Iterable[Field]) -> bytes:
    """Write a message, field after field in the order given.

    Raises:
        ValueError: an integer is negative or beyond 63 bits.
    """
    return b"".join(_field(number, value) for number, value in fields if value)


def decode(data: bytes) -> list[Field]:
    """Read a message's fields in their order.

    What is read here may have been written otherwise (zeros written out, long varints): compare with what
    ``encode`` makes of it where that matters.

    Raises:
        ValueError: no such message, or a field of another wire type.
    """
    fields: list[Field] = []
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        value, place = _read_varint(data, place)
        if key & 7 == _VARINT:
            fields.append((key >> 3, value))
            continue
        if key & 7 != _BYTES or place + value > len(data):
            raise ValueError("a field of another type, or one that is cut off")
        fields.append((key >> 3, data[place : place + value]))
        place += value
    return fields


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    if not 0 <= value <= MOST:
        raise ValueError("an integer that 63 bits do not hold")
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits to a byte
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for at, byte in enumerate(data[place : place + 9]):  # nine times seven bits
        value |= (byte & 0x7F) << (7 * at)
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follow
            return value, place + at + 1
    raise ValueError("a varint without an end")
