"""The sandbox's own keys, all out of its seed: worth nothing outside, and the same at every start."""

import hashlib

from chalicelib.chains import base58
from chalicelib.chains.local_signer import LocalSigner
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.public_keys import address_of_public_key

_XPUB_VERSION = bytes.fromhex("0488b21e")
_ACCOUNT_DEPTH = 3
_FIRST_HARDENED = 1 << 31


def account_xpub(seed: int, family: str) -> str:
    """Return the extended public key under which the deposit addresses of a family lie."""
    signer = LocalSigner(_secret(seed, "deposits", family))
    chain_code = _secret(seed, "chain code", family)
    header = _XPUB_VERSION + bytes([_ACCOUNT_DEPTH]) + bytes(4) + _FIRST_HARDENED.to_bytes(4, "big")
    return base58.encode_check(header + chain_code + signer.public_key)


def hot_wallet_key(seed: int, blockchain: str) -> bytes:
    """Return the private key, 32 bytes, of the wallet that payouts on a blockchain leave from."""
    return _secret(seed, "hot wallet", FAMILY_OF[blockchain])


def hot_wallet_address(seed: int, blockchain: str) -> str:
    """Return the address of that wallet; the EVM chains share one, as real accounts do."""
    public_key = LocalSigner(hot_wallet_key(seed, blockchain)).public_key
    return address_of_public_key(FAMILY_OF[blockchain], public_key)


def _secret(seed: int, *purpose: str) -> bytes:
    return hashlib.sha256("|".join(("sluice sandbox", str(seed), *purpose)).encode()).digest()
