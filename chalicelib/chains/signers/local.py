"""A signer whose key lies in this process: for the sandbox and the tests, never for a deployed stage."""

from functools import cached_property
from typing import Any

COMPACT_SIGNATURE_BYTES = 64


class LocalSigner:
    """Signs with a secp256k1 private key of 32 bytes."""

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key

    @cached_property
    def public_key(self) -> bytes:
        """The compressed public key, 33 bytes."""
        public_key: bytes = self._key.public_key.format()
        return public_key

    def sign(self, digest: bytes) -> bytes:
        """Return r and s, 64 bytes; libsecp256k1 always gives the lower s."""
        recoverable: bytes = self._key.sign_recoverable(digest, hasher=None)
        return recoverable[:COMPACT_SIGNATURE_BYTES]

    def child(self, key_path: str) -> "LocalSigner":
        """Raise KeyError: this is one key, and no account."""
        raise KeyError(key_path)

    @cached_property
    def _key(self) -> Any:
        from coincurve import PrivateKey  # noqa: PLC0415 - 8 ms that only signing should pay

        return PrivateKey(self._private_key)
