"""Webhook secrets: made here, shown once, kept encrypted.

A merchant knows a secret as ``sec_`` + base64; a Standard Webhooks library takes the same base64 behind
``whsec_``. At rest it is AES-256-GCM under a key of the platform, bound to its tenant, so that one tenant's
stored secret is of no use in another's record.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "sec_"
SECRET_BYTES = 32
KEY_BYTES = 32
NONCE_BYTES = 12  # what NIST SP 800-38D recommends for GCM
SHOWN_CHARACTERS = 3


class SecretUnreadableError(ValueError):
    """A secret, or its sealed form, is not what this platform made: wrong key, wrong tenant, or damaged."""


def new_secret() -> str:
    """Make a secret for a tenant: ``sec_`` and 32 random bytes in standard base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def derived_secret(pepper: bytes, tenant_id: str, idempotency_key: str) -> str:
    """Return the secret of a rotation that came with an idempotency key: the same whenever it is asked for.

    Args:
        pepper: the platform's key of keyed hashes.
        tenant_id: whose secret it is.
        idempotency_key: as the request had it; at rest there is only its hash.
    """
    purpose = f"webhook secret|{tenant_id}|{idempotency_key}"
    return PREFIX + base64.b64encode(hmac.digest(pepper, purpose.encode(), "sha256")).decode()


def key_of(secret: str) -> bytes:
    """Return the raw bytes that a secret signs with.

    Raises:
        SecretUnreadableError: the text is no secret of ours.
    """
    try:
        if not secret.startswith(PREFIX):
            raise SecretUnreadableError(f"a webhook secret starts with {PREFIX}")
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SecretUnreadableError("a webhook secret is base64 after its prefix") from error


def masked(secret: str) -> str:
    """Return what may be shown of a secret later on: its last three characters."""
    return f"{PREFIX}****{secret[-SHOWN_CHARACTERS:]}"


def seal(secret: str, key: bytes, tenant_id: str, key_version: int = 1) -> bytes:
    """Encrypt a secret for storage.

    Args:
        secret: the secret as the merchant knows it.
        key: the platform's 32-byte key.
        tenant_id: whose secret it is; it opens for no other tenant.
        key_version: which of the platform's keys this is, 1–255; stored in front, so that an old secret
            still opens after a key rotation.

    Raises:
        ValueError: the key has the wrong length, or the version does not fit a byte.
    """
    version = bytes([key_version])
    nonce = secrets.token_bytes(NONCE_BYTES)
    return version + nonce + _cipher(key).encrypt(nonce, secret.encode(), _bound_to(version, tenant_id))


def open_sealed(sealed: bytes, keys: Mapping[int, bytes], tenant_id: str) -> str:
    """Decrypt a stored secret.

    Args:
        sealed: what `seal` gave.
        keys: the platform's keys by version, the retired ones that may still be in use included.
        tenant_id: whose record it was read from.

    Raises:
        SecretUnreadableError: its key is not among them, it belongs to another tenant, or it was changed.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  dear to import, and few functions sign

    version, nonce, encrypted = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    key = keys.get(version[0]) if encrypted else None
    if key is None:
        raise SecretUnreadableError("no key of this version can open the stored webhook secret")
    try:
        return _cipher(key).decrypt(nonce, encrypted, _bound_to(version, tenant_id)).decode()
    except InvalidTag as error:
        raise SecretUnreadableError("the stored webhook secret does not open for this tenant") from error


def _bound_to(version: bytes, tenant_id: str) -> bytes:
    return version + tenant_id.encode()


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  dear to import

    if len(key) != KEY_BYTES:
        raise ValueError(f"the key that seals webhook secrets has {KEY_BYTES} bytes")
    return AESGCM(key)
