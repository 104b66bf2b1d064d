"""Deposit addresses from an extended public key (BIP-32): it can make them, never spend them."""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chalicelib.chains import base58
from chalicelib.chains.public_keys import address_of_public_key

EXTENDED_KEY_BYTES = 78
HARDENED = 1 << 31
# Version bytes: BIP-32's xpub, and SLIP-132's zpub as BIP-84 uses it. Public keys only.
PUBLIC_VERSIONS = {bytes.fromhex("0488b21e"), bytes.fromhex("04b24746")}
EXTERNAL_CHAIN = 0


class InvalidExtendedKeyError(ValueError):
    """The text is no extended public key; the message says why."""


@dataclass(frozen=True, slots=True)
class ExtendedPublicKey:
    """A public key with the chain code that lets its children be derived."""

    public_key: bytes
    chain_code: bytes

    def child(self, index: int) -> "ExtendedPublicKey":
        """Derive the child at ``index`` (BIP-32, CKDpub).

        Raises:
            ValueError: the index is not within 0 … 2^31 - 1, or (once in 2^127) this index has no key.
        """
        if not 0 <= index < HARDENED:
            raise ValueError(f"child index {index} cannot be derived from a public key")
        mac = hmac.digest(self.chain_code, self.public_key + index.to_bytes(4, "big"), hashlib.sha512)
        point: bytes = _curve_point(self.public_key).add(mac[:32]).format()
        return ExtendedPublicKey(point, mac[32:])


def parse(extended_key: str) -> ExtendedPublicKey:
    """Read an ``xpub…`` or ``zpub…``.

    Raises:
        InvalidExtendedKeyError: checksum, version, length or point are wrong, or the key is private.
    """
    try:
        data = base58.decode_check(extended_key)
    except base58.Base58Error as error:
        raise InvalidExtendedKeyError(f"The extended key {error}.") from None
    if data[:4] not in PUBLIC_VERSIONS or len(data) != EXTENDED_KEY_BYTES:
        raise InvalidExtendedKeyError("Give an extended public key: an xpub or a zpub, never a private key.")
    try:
        _curve_point(data[45:])
    except ValueError:
        raise InvalidExtendedKeyError("The extended key holds no point of the curve.") from None
    return ExtendedPublicKey(public_key=data[45:], chain_code=data[13:45])


def deposit_address(family: str, xpub: str, index: int) -> str:
    """Return the deposit address number ``index`` of an account: its child ``0/index`` (BIP-44, BIP-84).

    Args:
        family: ``EVM``, ``BTC``, ``LTC`` or ``TRX``.
        xpub: the account's extended public key, ``m/purpose'/coin'/account'``.
        index: 0, 1, 2 …

    Raises:
        InvalidExtendedKeyError: the key cannot be read.
        ValueError: the index is out of range.
    """
    return address_of_public_key(family, _external_chain(xpub).child(index).public_key)


@lru_cache(maxsize=32)
def address_at(family: str, xpub: str, key_path: str) -> str:
    """Return the address of a key below an account, such as ``1/0``: the hot wallet's, where money lies in coins.

    Raises:
        InvalidExtendedKeyError: the key cannot be read.
        ValueError: the path is none that a public key leads to.
    """
    key = parse(xpub)
    for index in key_path.split("/"):
        key = key.child(int(index))
    return address_of_public_key(family, key.public_key)


@lru_cache(maxsize=32)
def _external_chain(xpub: str) -> ExtendedPublicKey:
    """Derive ``0`` once: every deposit address of the account is a child of it."""
    return parse(xpub).child(EXTERNAL_CHAIN)


def _curve_point(public_key: bytes) -> Any:
    from coincurve import PublicKey  # noqa: PLC0415 - 8 ms that only deriving should pay

    return PublicKey(public_key)
