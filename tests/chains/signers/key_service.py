"""moto's key service as a botocore client, mended where it differs from AWS's."""

from typing import Any
from unittest.mock import patch

import botocore.session
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms import utils as moto_kms

REGION = "eu-central-1"
_sign = moto_kms.ECDSAPrivateKey.sign


def _sign_digest_as_it_is(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    """Sign 32 bytes as the digest that they are: moto ignores ``MessageType=DIGEST`` and hashes them once more."""
    if len(message) != 32:
        return _sign(self, message, signing_algorithm)
    return self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))


def mended() -> Any:
    """While it lasts, moto signs digests as AWS does."""
    return patch.object(moto_kms.ECDSAPrivateKey, "sign", _sign_digest_as_it_is)


def client(service: str = "kms") -> Any:
    session = botocore.session.Session()
    session.set_credentials("testing", "testing")
    return session.create_client(service, REGION)
