"""A signer that never gives a signature twice, as a key service does: only stored bytes can be sent again."""

import os
from typing import Any

from coincurve._libsecp256k1 import ffi

from chalicelib.chains.signers.local import COMPACT_SIGNATURE_BYTES, LocalSigner

NONCE_BYTES = 32


class RestlessSigner(LocalSigner):
    """Signs with a nonce that no other signature had."""

    def sign(self, digest: bytes) -> bytes:
        """Return r and s, 64 bytes."""
        salt = ffi.new(f"unsigned char[{NONCE_BYTES}]", os.urandom(NONCE_BYTES))
        key: Any = self._key
        recoverable: bytes = key.sign_recoverable(digest, hasher=None, custom_nonce=(ffi.NULL, salt))
        return recoverable[:COMPACT_SIGNATURE_BYTES]


def restless_signers(keys: dict[str, str]) -> dict[str, RestlessSigner]:
    """Return such a signer for each blockchain's hot wallet, from the settings' keys."""
    return {blockchain: RestlessSigner(bytes.fromhex(key)) for blockchain, key in keys.items()}
