from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from tests.chains.signers.key_service import client, mended


@pytest.fixture
def kms() -> Iterator[Any]:
    """The key service; it signs digests as AWS does."""
    with mock_aws(), mended():
        yield client()


@pytest.fixture
def signing_key(kms: Any) -> str:
    """The id of a key that signs for a hot wallet."""
    return str(kms.create_key(KeySpec="ECC_SECG_P256K1", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"])


@pytest.fixture
def sealing_key(kms: Any) -> str:
    """The id of a key that encrypts data keys."""
    return str(kms.create_key()["KeyMetadata"]["KeyId"])
