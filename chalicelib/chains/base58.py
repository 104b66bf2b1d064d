"""Base58Check, the text form of Bitcoin's, Litecoin's and TRON's older addresses and of extended keys."""

import hashlib

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CHECKSUM_BYTES = 4
# An extended key, the longest text we read, has 112 characters; longer input must not cost quadratic time.
MAX_CHARACTERS = 128

_VALUE_OF = {character: value for value, character in enumerate(ALPHABET)}


class Base58Error(ValueError):
    """The text is not Base58Check."""


def encode(data: bytes) -> str:
    """Write bytes in Base58; each leading zero byte becomes a leading ``1``."""
    number, characters = int.from_bytes(data, "big"), []
    while number:
        number, remainder = divmod(number, 58)
        characters.append(ALPHABET[remainder])
    leading_zeros = len(data) - len(data.lstrip(b"\0"))
    return ALPHABET[0] * leading_zeros + "".join(reversed(characters))


def decode(text: str) -> bytes:
    """Read Base58; raises Base58Error on any other character or on more than 128 of them."""
    if len(text) > MAX_CHARACTERS:
        raise Base58Error("is too long")
    number = 0
    try:
        for character in text:
            number = number * 58 + _VALUE_OF[character]
    except KeyError as error:
        raise Base58Error(f"has a character that Base58 does not know: {error}") from None
    leading_zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return bytes(leading_zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_check(payload: bytes) -> str:
    """Write a payload followed by its four-byte checksum."""
    return encode(payload + _checksum(payload))


def decode_check(text: str) -> bytes:
    """Read the payload of a Base58Check text; raises Base58Error when its checksum is wrong."""
    data = decode(text)
    payload, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    if len(data) <= CHECKSUM_BYTES or _checksum(payload) != checksum:
        raise Base58Error("has a wrong checksum")
    return payload


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:CHECKSUM_BYTES]
