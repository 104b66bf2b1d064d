"""From a public key to the address that pays it, in each family's usual form."""

import hashlib

from chalicelib.chains import base58, bech32, evm_address
from chalicelib.chains.networks import EVM, SEGWIT_PREFIX, TRON_VERSION, TRX


def address_of_public_key(family: str, public_key: bytes) -> str:
    """Return the address of a secp256k1 public key: EVM account, BTC and LTC p2wpkh, TRON account.

    Args:
        family: ``EVM``, ``BTC``, ``LTC`` or ``TRX``.
        public_key: compressed (33 bytes) or uncompressed (65 bytes).

    Raises:
        ValueError: the bytes are no point of the curve.
        KeyError: no such family.
    """
    if family in (EVM, TRX):
        return address_of_account(family, _point(public_key, compressed=False)[1:])
    key_hash = hashlib.new("ripemd160", hashlib.sha256(_point(public_key, compressed=True)).digest())
    return address_of_key_hash(family, key_hash.digest())


def address_of_account(family: str, coordinates: bytes) -> str:
    """Return the EVM or TRON address of a public key's two coordinates (64 bytes)."""
    account = evm_address.keccak256(coordinates)[12:]
    return address_of_key_hash(family, account)


def address_of_key_hash(family: str, key_hash: bytes) -> str:
    """Return the address of a 20-byte hash: what the family's own hash of a public key gives."""
    if family == EVM:
        return evm_address.checksummed(key_hash)
    if family == TRX:
        return base58.encode_check(bytes([TRON_VERSION]) + key_hash)
    return bech32.encode_segwit(SEGWIT_PREFIX[family], 0, key_hash)


def _point(public_key: bytes, *, compressed: bool) -> bytes:
    from coincurve import PublicKey  # noqa: PLC0415 - 8 ms that only deriving and signing should pay

    point: bytes = PublicKey(public_key).format(compressed=compressed)
    return point
