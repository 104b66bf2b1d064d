"""The sandbox's deposit wallets: seeds out of ``SANDBOX_SEED``, of which the product only gets the public keys.

BIP-32 private derivation, down to the accounts that BIP-44 and BIP-84 name. Worth nothing outside the sandbox.
"""

import hashlib
import hmac

from coincurve import PrivateKey

from chalicelib.chains.base58 import encode_check

XPUB_VERSION = bytes.fromhex("0488b21e")
HARDENED = 1 << 31
# Purpose and coin type (SLIP-44) of the account that each family's deposit addresses lie in.
ACCOUNT_OF = {"EVM": (44, 60), "BTC": (84, 0), "LTC": (84, 2), "TRX": (44, 195)}


def deposit_xpubs(seed: int) -> dict[str, str]:
    """Return each address family's account xpub: ``m/purpose'/coin'/0'``, the same for the same seed."""
    return {family: account_xpub(_wallet_seed(seed), *account) for family, account in ACCOUNT_OF.items()}


def account_xpub(wallet_seed: bytes, purpose: int, coin: int, account: int = 0) -> str:
    """Derive the extended public key of a hardened account (BIP-32, CKDpriv).

    Args:
        wallet_seed: the wallet's seed, 16 to 64 bytes.
        purpose: 44 or 84.
        coin: the coin type that SLIP-44 registers.
        account: usually 0.
    """
    path = [purpose + HARDENED, coin + HARDENED, account + HARDENED]
    mac = hmac.digest(b"Bitcoin seed", wallet_seed, "sha512")
    key, chain_code = PrivateKey(mac[:32]), mac[32:]
    fingerprint = bytes(4)
    for index in path:
        fingerprint = _fingerprint(key)
        mac = hmac.digest(chain_code, b"\0" + key.secret + index.to_bytes(4, "big"), "sha512")
        key, chain_code = key.add(mac[:32]), mac[32:]
    header = XPUB_VERSION + bytes([len(path)]) + fingerprint + path[-1].to_bytes(4, "big")
    return encode_check(header + chain_code + key.public_key.format())


def _fingerprint(key: PrivateKey) -> bytes:
    return hashlib.new("ripemd160", hashlib.sha256(key.public_key.format()).digest()).digest()[:4]


def _wallet_seed(seed: int) -> bytes:
    return hashlib.sha512(f"sluice sandbox deposits|{seed}".encode()).digest()
