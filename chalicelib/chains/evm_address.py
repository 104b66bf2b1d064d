"""Addresses of Ethereum and its kin: 20 bytes in hexadecimal, the letters' case is a checksum (EIP-55)."""

import re

_FORM = re.compile(r"0x[0-9a-fA-F]{40}")


def keccak256(data: bytes) -> bytes:
    """Hash with Keccak-256 as Ethereum does: the original padding, not that of SHA3-256."""
    import sha3  # noqa: PLC0415 - a Lambda that never needs an EVM or TRON address does not pay for it

    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def checksummed(account: bytes) -> str:
    """Write 20 bytes as an address with the EIP-55 checksum."""
    digits = account.hex()
    hashed = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit for digit, nibble in zip(digits, hashed, strict=False)
    )


def has_form(address: str) -> bool:
    """Tell whether the text is ``0x`` and 40 hexadecimal digits."""
    return _FORM.fullmatch(address) is not None


def checksum_fits(address: str) -> bool:
    """Tell whether the letters' case is right: all of one case carries no checksum and passes (EIP-55)."""
    digits = address[2:]
    if digits in (digits.lower(), digits.upper()):
        return True
    return checksummed(bytes.fromhex(digits)) == address
