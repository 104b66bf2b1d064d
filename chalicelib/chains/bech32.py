"""Segregated-witness addresses: Bech32 for version 0 (BIP-173), Bech32m for versions 1 to 16 (BIP-350)."""

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM_CHARACTERS = 6
MAX_CHARACTERS = 90
MAX_WITNESS_VERSION = 16
BECH32, BECH32M = 1, 0x2BC830A3

_VALUE_OF = {character: value for value, character in enumerate(ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _mask(top: int) -> int:
    mask = 0
    for bit, generator in enumerate(_GENERATOR):
        mask ^= generator if top >> bit & 1 else 0
    return mask


_MASKS = tuple(_mask(top) for top in range(32))


class Bech32Error(ValueError):
    """The text is not a segregated-witness address of the network asked for."""


def encode_segwit(prefix: str, version: int, program: bytes) -> str:
    """Write a witness program as an address of the network whose human-readable part is ``prefix``."""
    values = [version, *_regroup(program, 8, 5, pad=True)]
    constant = BECH32M if version else BECH32
    polymod = _polymod([*_expand(prefix), *values, *[0] * CHECKSUM_CHARACTERS]) ^ constant
    checksum = [polymod >> 5 * (CHECKSUM_CHARACTERS - 1 - place) & 31 for place in range(CHECKSUM_CHARACTERS)]
    return prefix + "1" + "".join(ALPHABET[value] for value in values + checksum)


def decode_segwit(prefix: str, address: str) -> tuple[int, bytes]:
    """Read an address of the network ``prefix`` into its witness version and program.

    Raises:
        Bech32Error: mixed case, other network, wrong character, checksum, version or program length.
    """
    if len(address) > MAX_CHARACTERS or address not in (address.lower(), address.upper()):
        raise Bech32Error("is too long or mixes upper and lower case")
    human, _, data = address.lower().rpartition("1")
    if human != prefix or len(data) <= CHECKSUM_CHARACTERS:
        raise Bech32Error(f"does not start with {prefix}1 or is too short")
    values = _values(data)
    version, constant = values[0], _polymod([*_expand(prefix), *values])
    if constant != (BECH32M if version else BECH32):
        raise Bech32Error("has a wrong checksum")
    program = bytes(_regroup(values[1:-CHECKSUM_CHARACTERS], 5, 8, pad=False))
    _check_program(version, program)
    return version, program


def _values(data: str) -> list[int]:
    try:
        return [_VALUE_OF[character] for character in data]
    except KeyError as error:
        raise Bech32Error(f"has a character that Bech32 does not know: {error}") from None


def _check_program(version: int, program: bytes) -> None:
    """Apply BIP-141: programs of 2 to 40 bytes, versions 0 to 16, and for version 0 only 20 or 32 bytes."""
    if version > MAX_WITNESS_VERSION:
        raise Bech32Error("has a witness version above 16")
    lengths = range(2, 41) if version else (20, 32)
    if len(program) not in lengths:
        raise Bech32Error("has a witness program of the wrong length")


def _expand(prefix: str) -> list[int]:
    return [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value ^ _MASKS[checksum >> 25]
    return checksum


def _regroup(values: bytes | list[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    """Pack groups of ``from_bits`` into groups of ``to_bits``; unpadded, the rest must be short zeros."""
    accumulator, bits, groups = 0, 0, []
    for value in values:
        accumulator, bits = (accumulator << from_bits | value) & 0xFFF, bits + from_bits
        while bits >= to_bits:
            bits -= to_bits
            groups.append(accumulator >> bits & (1 << to_bits) - 1)
    rest = accumulator & (1 << bits) - 1
    if pad:
        return [*groups, rest << to_bits - bits] if bits else groups
    if bits >= from_bits or rest:
        raise Bech32Error("has wrong padding")
    return groups
