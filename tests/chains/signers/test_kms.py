"""A hot wallet's key in the key service: the signatures that it gives are those that chains take."""

import hashlib
from collections import Counter

import pytest
from botocore.exceptions import EndpointConnectionError
from coincurve import PublicKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from moto import mock_aws

from chalicelib.chains.signers.kms import ORDER, KmsSigner, SigningFailedError, compact
from tests.chains.signers.key_service import client

HALF = ORDER // 2


def digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


class Recording:
    """A key service's client that keeps what it is asked and may answer something else."""

    def __init__(self, real, **instead):
        self.asked = Counter()
        self.arguments = []
        self._real, self._instead = real, instead

    def __getattr__(self, operation):
        def call(**arguments):
            self.asked[operation] += 1
            self.arguments.append((operation, arguments))
            if operation in self._instead:
                return self._instead[operation](arguments)
            return getattr(self._real, operation)(**arguments)

        return call


def test_its_signatures_are_valid_and_low(kms, signing_key):
    signer = KmsSigner(lambda: kms, signing_key)
    key = PublicKey(signer.public_key)
    assert len(signer.public_key) == 33
    for number in range(40):
        signature = signer.sign(digest(number))
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        assert len(signature) == 64
        assert 0 < s <= HALF
        assert key.verify(der(r, s), digest(number), hasher=None)


def der(r: int, s: int) -> bytes:
    return encode_dss_signature(r, s)


@pytest.mark.parametrize(
    ("s", "low"), [(1, 1), (HALF, HALF), (HALF + 1, HALF), (ORDER - 1, 1), (ORDER - 2**200, 2**200)]
)
def test_a_high_s_is_turned_into_its_low_twin(s, low):
    assert compact(der(5, s)) == (5).to_bytes(32, "big") + low.to_bytes(32, "big")


def test_the_digest_is_signed_as_it_is(kms, signing_key):
    asked = Recording(kms)
    KmsSigner(lambda: asked, signing_key).sign(digest(1))
    ((_, arguments),) = [each for each in asked.arguments if each[0] == "sign"]
    assert arguments == {
        "KeyId": signing_key,
        "Message": digest(1),
        "MessageType": "DIGEST",
        "SigningAlgorithm": "ECDSA_SHA_256",
    }


def test_without_the_mended_key_service_the_signature_is_of_another_digest():
    """What the fixture corrects, and that a signature of a wrong digest is not handed out."""
    with mock_aws():
        plain = client()
        key_id = plain.create_key(KeySpec="ECC_SECG_P256K1", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        with pytest.raises(SigningFailedError, match="does not fit"):
            KmsSigner(lambda: plain, key_id).sign(digest(1))


def test_the_public_key_is_asked_once_and_nothing_before_it_is_needed(kms, signing_key):
    made = []

    def make():
        made.append(1)
        return asked

    asked = Recording(kms)
    signer = KmsSigner(make, signing_key)
    assert made == []
    for number in range(3):
        assert signer.public_key
        signer.sign(digest(number))
    assert asked.asked == {"get_public_key": 1, "sign": 3}


def test_it_is_one_key_and_no_account(kms, signing_key):
    with pytest.raises(KeyError):
        KmsSigner(lambda: kms, signing_key).child("0/1")


def test_a_key_of_another_curve_is_refused(kms):
    other = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with pytest.raises(SigningFailedError, match="secp256k1"):
        assert KmsSigner(lambda: kms, other).public_key


def test_a_key_that_is_not_there_is_refused(kms):
    with pytest.raises(SigningFailedError, match="NotFoundException"):
        KmsSigner(lambda: kms, "00000000-0000-0000-0000-000000000000").sign(digest(1))


def test_a_key_service_that_does_not_answer_is_a_failure(kms, signing_key):
    def away(_arguments):
        raise EndpointConnectionError(endpoint_url="https://kms.example")

    with pytest.raises(SigningFailedError, match="EndpointConnectionError"):
        KmsSigner(lambda: Recording(kms, sign=away), signing_key).sign(digest(1))


def test_anothers_signature_is_not_handed_out(kms, signing_key):
    stranger = ec.generate_private_key(ec.SECP256K1())

    def strange(arguments):
        return {"Signature": stranger.sign(arguments["Message"], ec.ECDSA(Prehashed(hashes.SHA256())))}

    with pytest.raises(SigningFailedError, match="does not fit"):
        KmsSigner(lambda: Recording(kms, sign=strange), signing_key).sign(digest(1))


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_only_digests_are_signed(kms, signing_key, length):
    with pytest.raises(ValueError, match="32 bytes"):
        KmsSigner(lambda: kms, signing_key).sign(bytes(length))
