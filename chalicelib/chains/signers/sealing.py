"""A seed at rest: encrypted by a data key that only the key service can decrypt (envelope encryption).

Both layers are bound to the address family: a seed that was sealed for one is not opened for another.
"""

import os
from typing import Any

from chalicelib.settings.wallets import NONCE_BYTES, SealedSeed

VERSION = 1


class SealError(Exception):
    """A seed could not be sealed or opened; the message has nothing of it."""


def seal(client: Any, key_id: str, seed: bytes, family: str) -> SealedSeed:
    """Seal a seed.

    Args:
        client: the key service's client.
        key_id: a symmetric key of it, by id, ARN or alias.
        seed: 16 to 64 bytes.
        family: EVM, BTC, LTC or TRX.

    Raises:
        SealError: the key service refuses, or does not answer.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- dear, and rarely needed

    answer = _call(
        client, "generate_data_key", KeyId=key_id, KeySpec="AES_256", EncryptionContext=_context(family)
    )
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(answer["Plaintext"]).encrypt(nonce, seed, _associated(family))
    return SealedSeed(VERSION, family, answer["CiphertextBlob"], nonce, ciphertext)


def unseal(client: Any, sealed: SealedSeed, family: str) -> bytes:
    """Open a seed.

    Args:
        client: the key service's client.
        sealed: what ``seal`` made.
        family: whose it must be.

    Raises:
        SealError: it is another family's, was changed, or the key service refuses.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- dear, and only signing needs it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- the same

    answer = _call(client, "decrypt", CiphertextBlob=sealed.data_key, EncryptionContext=_context(family))
    try:
        return AESGCM(answer["Plaintext"]).decrypt(sealed.nonce, sealed.ciphertext, _associated(family))
    except InvalidTag:
        raise SealError("a sealed seed was changed, or is another family's") from None


def _context(family: str) -> dict[str, str]:
    return {"sluice": "wallet seed", "family": family}


def _associated(family: str) -> bytes:
    return f"sluice wallet seed {VERSION} {family}".encode()


def _call(client: Any, operation: str, **arguments: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- only who signs loads it

    try:
        return getattr(client, operation)(**arguments)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        raise SealError(f"the key service refused to {operation} with {code}") from None
    except BotoCoreError as error:
        raise SealError(f"the key service gave {type(error).__name__}") from None
