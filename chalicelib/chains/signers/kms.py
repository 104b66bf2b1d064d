"""A signer whose key never leaves AWS's key service."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from chalicelib.chains.signers.local import COMPACT_SIGNATURE_BYTES

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
CURVE = "secp256k1"
TIMEOUT_SECONDS = 5
DIGEST_BYTES = 32


class SigningFailedError(Exception):
    """The key service gave no signature, or not one of this key; nothing was signed."""


class KmsSigner:
    """Signs with a key of the specification ``ECC_SECG_P256K1``.

    Args:
        client: makes the key service's client; called when something is first signed or the key asked for.
        key_id: the key's id, ARN or alias.
    """

    def __init__(self, client: Callable[[], Any], key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    @cached_property
    def public_key(self) -> bytes:
        """The compressed public key, 33 bytes.

        Raises:
            SigningFailedError: the key is not there, may not be used, or is of another curve.
        """
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415 -- dear
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 -- the same
            Encoding,
            PublicFormat,
            load_der_public_key,
        )

        key = load_der_public_key(self._call("get_public_key")["PublicKey"])
        if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != CURVE:
            raise SigningFailedError(f"the hot wallet's key is not on {CURVE}")
        return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def sign(self, digest: bytes) -> bytes:
        """Return r and s, 64 bytes, of a 32-byte digest; s in its lower half (BIP-62, EIP-2).

        Raises:
            SigningFailedError: the key service refuses, or does not answer.
        """
        if len(digest) != DIGEST_BYTES:
            raise ValueError("a digest of 32 bytes is wanted")
        answer = self._call("sign", Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")
        signature = compact(answer["Signature"])
        if not self._is_mine(digest, signature):
            raise SigningFailedError("the key service's signature does not fit digest and key")
        return signature

    def child(self, key_path: str) -> "KmsSigner":
        """Raise KeyError: this is one key and no account."""
        raise KeyError(key_path)

    def _is_mine(self, digest: bytes, signature: bytes) -> bool:
        """Verify what will be stored for good: bytes that no node takes would block the wallet's later payouts."""
        from coincurve.ecdsa import cdata_to_der, deserialize_compact  # noqa: PLC0415 - only signing should pay
        from coincurve.keys import PublicKey  # noqa: PLC0415 - the same

        der = cdata_to_der(deserialize_compact(signature))
        is_valid: bool = PublicKey(self.public_key).verify(der, digest, hasher=None)
        return is_valid

    def _call(self, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- only who signs loads it

        try:
            return getattr(self._client(), operation)(KeyId=self._key_id, **arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise SigningFailedError(f"the key service refused to {operation} with {code}") from None
        except BotoCoreError as error:
            raise SigningFailedError(f"the key service gave {type(error).__name__}") from None


def compact(der_signature: bytes) -> bytes:
    """Turn a signature in DER into r and s, 64 bytes, with s in its lower half: nodes refuse the higher one."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415 -- dear

    r, s = decode_dss_signature(der_signature)
    s = min(s, ORDER - s)
    half = COMPACT_SIGNATURE_BYTES // 2
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def client_of(session: Any, region: str) -> Any:
    """Make the key service's client."""
    from botocore.config import Config  # noqa: PLC0415 -- only who signs loads it

    config = Config(
        connect_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
        retries={"total_max_attempts": 3, "mode": "standard"},
    )
    return session.create_client("kms", region, config=config)
