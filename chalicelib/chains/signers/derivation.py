"""Private keys below a seed (BIP-32), down to the accounts that BIP-44 and BIP-84 name."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.chains.base58 import encode_check
from chalicelib.chains.hdkeys import HARDENED

XPUB_VERSION = bytes.fromhex("0488b21e")
SEED_BYTES = range(16, 65)
# Purpose and coin type (SLIP-44) of the account that each family's keys lie in.
ACCOUNT_OF = {"EVM": (44, 60), "BTC": (84, 0), "LTC": (84, 2), "TRX": (44, 195)}


@dataclass(frozen=True, slots=True)
class ExtendedPrivateKey:
    """A private key with the chain code that lets its children be derived, and where it stands in the tree."""

    key: bytes = field(repr=False)
    chain_code: bytes = field(repr=False)
    depth: int = 0
    parent_fingerprint: bytes = bytes(4)
    index: int = 0

    @property
    def public_key(self) -> bytes:
        """The compressed public key, 33 bytes."""
        from coincurve import PrivateKey  # noqa: PLC0415 - 8 ms that only deriving should pay

        public_key: bytes = PrivateKey(self.key).public_key.format()
        return public_key

    def child(self, index: int) -> "ExtendedPrivateKey":
        """Derive the child at ``index``, hardened from 2^31 on (CKDpriv).

        Raises:
            ValueError: (once in 2^127) this index has no key.
        """
        from coincurve import PrivateKey  # noqa: PLC0415 - 8 ms that only deriving should pay

        public_key = self.public_key
        data = (b"\0" + self.key if index >= HARDENED else public_key) + index.to_bytes(4, "big")
        mac = hmac.digest(self.chain_code, data, "sha512")
        fingerprint = hashlib.new("ripemd160", hashlib.sha256(public_key).digest()).digest()[:4]
        key: bytes = PrivateKey(self.key).add(mac[:32]).secret
        return ExtendedPrivateKey(key, mac[32:], self.depth + 1, fingerprint, index)

    def descendant(self, path: Sequence[int]) -> "ExtendedPrivateKey":
        """Derive child after child."""
        found = self
        for index in path:
            found = found.child(index)
        return found

    def xpub(self) -> str:
        """Return the extended public key: what can make addresses, and spend nothing."""
        header = XPUB_VERSION + bytes([self.depth]) + self.parent_fingerprint + self.index.to_bytes(4, "big")
        return encode_check(header + self.chain_code + self.public_key)


def master_key(seed: bytes) -> ExtendedPrivateKey:
    """Return the root of a wallet.

    Args:
        seed: 16 to 64 bytes; what BIP-39 makes of a mnemonic are 64.

    Raises:
        ValueError: it has another length.
    """
    if len(seed) not in SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES[0]} to {SEED_BYTES[-1]} bytes")
    mac = hmac.digest(b"Bitcoin seed", seed, "sha512")
    return ExtendedPrivateKey(mac[:32], mac[32:])


def account_key(seed: bytes, family: str) -> ExtendedPrivateKey:
    """Return the account that a family's keys lie in: ``m/purpose'/coin'/0'``.

    Raises:
        ValueError: the seed has a wrong length.
    """
    purpose, coin = ACCOUNT_OF[family]
    return master_key(seed).descendant([HARDENED + purpose, HARDENED + coin, HARDENED])


def read_path(key_path: str) -> tuple[int, ...]:
    """Read a path below an account, such as ``0/17``; nothing in it can be hardened.

    Raises:
        KeyError: it is none.
    """
    steps = key_path.split("/")
    if not all(step.isascii() and step.isdecimal() and int(step) < HARDENED for step in steps):
        raise KeyError(key_path)
    return tuple(int(step) for step in steps)
