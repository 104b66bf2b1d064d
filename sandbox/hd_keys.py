"""The sandbox's deposit wallets: a seed out of ``SANDBOX_SEED``, worth nothing outside.

The product derives addresses from the public keys alone; it gets the seed only where deposits are to be spent.
"""

import hashlib

from chalicelib.chains.signers.derivation import ACCOUNT_OF, account_key


def deposit_xpubs(seed: int) -> dict[str, str]:
    """Return each address family's account xpub: ``m/purpose'/coin'/0'``, the same for the same seed."""
    return {family: account_key(wallet_seed(seed), family).xpub() for family in ACCOUNT_OF}


def wallet_seed(seed: int) -> bytes:
    """Return the seed, 64 bytes, that all the accounts come from."""
    return hashlib.sha512(f"sluice sandbox deposits|{seed}".encode()).digest()
