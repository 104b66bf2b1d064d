"""The sandbox's own keys, all out of its seed: worth nothing outside, and the same at every start."""

import hashlib

from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.local import LocalSigner


def hot_wallet_key(seed: int, blockchain: str) -> bytes:
    """Return the private key, 32 bytes, of the wallet that payouts on a blockchain leave from."""
    return _secret(seed, "hot wallet", FAMILY_OF[blockchain])


def hot_wallet_address(seed: int, blockchain: str) -> str:
    """Return the address of that wallet; the EVM chains share one, as real accounts do."""
    public_key = LocalSigner(hot_wallet_key(seed, blockchain)).public_key
    return address_of_public_key(FAMILY_OF[blockchain], public_key)


def _secret(seed: int, *purpose: str) -> bytes:
    return hashlib.sha256("|".join(("sluice sandbox", str(seed), *purpose)).encode()).digest()
