"""References against moto's Secrets Manager and Parameter Store."""

import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from chalicelib.settings.references import Later, Resolved, Secrets, SecretUnavailableError, is_reference
from tests.chains.signers.key_service import REGION, client


@pytest.fixture
def secrets(monkeypatch):
    """Secrets of an account in which two values lie; the client is botocore's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client("secretsmanager").create_secret(Name="sluice/prod/nodes", SecretString="from the manager")
        client("ssm").put_parameter(Name="/sluice/prod/seed", Value="from the store", Type="SecureString")
        yield Secrets(REGION)


def test_both_kinds_are_fetched(secrets):
    assert secrets.read("secretsmanager:sluice/prod/nodes") == "from the manager"
    assert secrets.read("ssm:/sluice/prod/seed") == "from the store"


def test_each_is_fetched_once(secrets):
    secrets.read("secretsmanager:sluice/prod/nodes")
    client("secretsmanager").put_secret_value(SecretId="sluice/prod/nodes", SecretString="changed")
    assert secrets.read("secretsmanager:sluice/prod/nodes") == "from the manager"


@pytest.mark.parametrize(
    ("reference", "code"),
    [("secretsmanager:gone", "ResourceNotFoundException"), ("ssm:/gone", "ParameterNotFound")],
)
def test_one_that_is_not_there_is_named(secrets, reference, code):
    with pytest.raises(SecretUnavailableError, match=f"{reference} was refused with {code}"):
        secrets.read(reference)


def test_a_service_that_does_not_answer_is_named():
    class Away:
        def get_secret_value(self, **_):
            raise EndpointConnectionError(endpoint_url="https://secretsmanager.example")

    with pytest.raises(SecretUnavailableError, match="secretsmanager:x gave EndpointConnectionError"):
        Secrets(REGION, lambda _: Away()).read("secretsmanager:x")


def test_variables_are_resolved_one_by_one(secrets):
    source = Resolved({"A": "plain", "B": "ssm:/sluice/prod/seed", "C": "ssm:/gone"}, secrets)
    assert (source["A"], source["B"], source.get("D", "default")) == ("plain", "from the store", "default")
    assert list(source) == ["A", "B", "C"]
    assert len(source) == 3
    assert "C" in source


@pytest.mark.parametrize(
    ("text", "expected"), [("ssm:x", True), ("secretsmanager:x", True), ("sim://x:1", False), ("", False)]
)
def test_what_a_reference_is(text, expected):
    assert is_reference(text) is expected


def test_what_is_read_later_is_read_once():
    read = []
    later = Later(lambda: read.append(1) or {"a": 1}, ("a",))
    assert (list(later), len(later), "a" in later, read) == (["a"], 1, True, [])
    assert [later["a"] for _ in range(3)] == [1, 1, 1]
    assert read == [1]
