"""The settings: read strictly, lazily where they hold what only a few may know, and shown to nobody."""

import json
from typing import Any

import pytest

from chalicelib.config import BLOCKCHAINS, ConfigurationError, from_environment
from chalicelib.settings.nodes import Nodes
from chalicelib.settings.references import Secrets
from tests.settings.deployed import NODES, SEALED, variables

ETH_WALLET = {"ETH": {"kms_key_id": "alias/hot-eth"}}


class FakeServices:
    """Secrets Manager and Parameter Store as two mappings; counts what is asked."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.asked: list[str] = []

    def client(self, service: str) -> "FakeServices":
        self.asked.append(service)
        return self

    def get_secret_value(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked["SecretId"])
        return {"SecretString": self.values[asked["SecretId"]]}

    def get_parameter(self, **asked: Any) -> dict[str, dict[str, str]]:
        assert asked["WithDecryption"]
        self.asked.append(asked["Name"])
        return {"Parameter": {"Value": self.values[asked["Name"]]}}


def read(services: FakeServices | None = None, **changed: Any):
    made = (services or FakeServices()).client
    return from_environment(variables(**changed), Secrets("eu-central-1", made))


def test_a_deployed_functions_settings_are_read():
    settings = read(HOT_WALLETS={**ETH_WALLET, "BTC": {"seed": SEALED}})
    assert settings.region == "eu-central-1"
    assert list(settings.chain_nodes) == list(BLOCKCHAINS)
    assert settings.chain_nodes["ETH"] == Nodes(("https://node.example/ETH-KEY",))
    assert settings.hot_wallets["ETH"].kms_key_id == "alias/hot-eth"
    assert settings.hot_wallets["BTC"].seed.nonce == b"n" * 12
    assert not settings.is_sandbox


def test_without_hot_wallets_there_are_none():
    assert read().hot_wallets == {}


def test_nodes_are_a_url_or_several_or_more_about_them():
    nodes = {
        **NODES,
        "ETH": ["https://one.example/k", "http://two.example:8545"],
        "TRX": {"urls": ["https://tron.example"], "api_key": "KEY", "max_lag_blocks": 7},
        "BTC": {"urls": ["http://user:word@10.0.0.1:8332/wallet/x?y=z"]},
        "LTC": "sim://127.0.0.1:99",
    }
    read_nodes = read(CHAIN_NODES=nodes).chain_nodes
    assert read_nodes["ETH"].urls == ("https://one.example/k", "http://two.example:8545")
    assert (read_nodes["TRX"].api_key, read_nodes["TRX"].max_lag_blocks) == ("KEY", 7)
    assert read_nodes["LTC"].simulated_at == ("127.0.0.1", 99)
    assert read_nodes["BTC"].simulated_at is None


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({"ETH": 7}, "ETH: Expected `object`"),
        ({"ETH": []}, "ETH: Expected `array` of length >= 1"),
        ({"ETH": {}}, "ETH: Object missing required field `urls`"),
        ({"ETH": {"urls": ["https://x"], "lag": 1}}, "ETH: Object contains unknown field `lag`"),
        ({"ETH": {"urls": ["https://x"], "max_lag_blocks": -1}}, "ETH: Expected `int` >= 0"),
        ({"ETH": {"urls": ["https://x"], "max_lag_blocks": "1"}}, "ETH: Expected `int"),
        ({"ETH": {"urls": ["https://x"], "api_key": "SECRET"}}, "ETH: api_key is TRON's"),
        ({"ETH": "ftp://SECRET"}, "ETH: each URL must be"),
        ({"ETH": "SECRET"}, "ETH: each URL must be"),
        ({"ETH": "https://"}, "ETH: each URL must be"),
        ({"ETH": "https://host:99999/SECRET"}, "ETH: each URL must be"),
        ({"ETH": "https://host/SECRET SECRET"}, "ETH: each URL must be"),
        ({"ETH": "sim://host"}, "ETH: each URL must be"),
        ({"ETH": ["https://host", "sim://host:1"]}, "ETH: the simulated node stands alone"),
        ({"DOGE": "https://host/SECRET"}, "DOGE is no blockchain of ours"),
    ],
)
def test_nodes_that_cannot_be_used_are_refused_without_telling_their_urls(nodes, sentence):
    with pytest.raises(ConfigurationError) as refused:
        read(CHAIN_NODES=NODES | nodes)
    assert str(refused.value).startswith(f"CHAIN_NODES cannot be read: {sentence}")
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "CHAIN_NODES is not set"),
        ("{", "CHAIN_NODES cannot be read: Expecting"),
        ("[]", "CHAIN_NODES cannot be read: an object"),
        ('{"ETH": "https://x"}', "CHAIN_NODES cannot be read: it lacks TRX, BSC, ARB, MATIC, BTC, LTC"),
    ],
)
def test_nodes_that_are_missing_are_told(text, sentence):
    with pytest.raises(ConfigurationError) as refused:
        read(CHAIN_NODES=text)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("wallets", "sentence"),
    [
        ([], "Expected `object`"),
        ({"DOGE": {"kms_key_id": "k"}}, "DOGE is no blockchain"),
        ({"ETH": {"key": "k"}}, "Object contains unknown field `key`"),
        ({"ETH": {}}, "ETH needs kms_key_id"),
        ({"ETH": {"kms_key_id": ""}}, "Expected `str` of length >= 1"),
        ({"ETH": {"kms_key_id": "k", "seed": SEALED}}, "ETH needs kms_key_id and takes no seed"),
        ({"ETH": {"kms_key_id": "k", "deposit_seed": SEALED}}, "ETH is given a seed that was sealed for BTC"),
        ({"BTC": {"kms_key_id": "k"}}, "BTC needs seed"),
        ({"BTC": {"seed": SEALED, "deposit_seed": SEALED}}, "BTC takes no deposit_seed"),
        ({"LTC": {"seed": SEALED}}, "LTC is given a seed that was sealed for BTC"),
        ({"BTC": {"seed": SEALED | {"version": 2}}}, "Expected `int` <= 1"),
        ({"BTC": {"seed": SEALED | {"family": "DOGE"}}}, "Expected `str` matching regex"),
        ({"BTC": {"seed": SEALED | {"nonce": "AAAA"}}}, "Expected `bytes` of length"),
        ({"BTC": {"seed": SEALED | {"seed": "x"}}}, "Object contains unknown field `seed`"),
    ],
)
def test_wallets_that_cannot_be_used_are_refused(wallets, sentence):
    with pytest.raises(ConfigurationError) as refused:
        read(HOT_WALLETS=wallets)
    assert str(refused.value).startswith(f"HOT_WALLETS cannot be read: {sentence}")


# The sandbox alone


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCAL_CALLBACKS", "1"),
        ("SANDBOX_SEED", "1"),
        ("HOT_WALLET_KEYS", {"ETH": "11" * 32}),
        ("DEPOSIT_SEEDS", {"EVM": "11" * 32}),
        ("CHAIN_IDENTITIES", {"ETH": "31337"}),
        ("RATE_LIMITS", "0"),
    ],
)
def test_what_belongs_to_the_sandbox_is_refused_on_lambda(name, value):
    with pytest.raises(ConfigurationError, match="belong to the sandbox alone") as refused:
        read(**{name: value})
    assert name in str(refused.value)
    assert read(**{name: value, "AWS_LAMBDA_FUNCTION_NAME": None}).is_sandbox


def test_the_sandboxes_seeds_and_identities_are_read():
    settings = read(
        AWS_LAMBDA_FUNCTION_NAME=None, DEPOSIT_SEEDS={"BTC": "0a" * 16}, CHAIN_IDENTITIES={"BTC": "0F9188"}
    )
    assert settings.deposit_seeds == {"BTC": b"\n" * 16}
    assert settings.chain_identities == {"BTC": "0f9188"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPOSIT_SEEDS", {"BTC": "SECRET"}),
        ("DEPOSIT_SEEDS", {"DOGE": "00"}),
        ("DEPOSIT_SEEDS", {"BTC": 1}),
        ("DEPOSIT_SEEDS", []),
        ("CHAIN_IDENTITIES", ["SECRET"]),
        ("CHAIN_IDENTITIES", {"ETH": 1}),
    ],
)
def test_odd_ones_are_refused(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} cannot be read") as refused:
        read(AWS_LAMBDA_FUNCTION_NAME=None, **{name: value})
    assert "SECRET" not in str(refused.value)


# What lies elsewhere


def test_any_setting_may_lie_elsewhere():
    services = FakeServices(
        **{
            "sluice/pepper": variables()["PEPPER"],
            "/sluice/issuer": "https://there.example",
            "xpubs": variables()["DEPOSIT_XPUBS"],
        }
    )
    settings = read(
        services,
        PEPPER="secretsmanager:sluice/pepper",
        ISSUER="ssm:/sluice/issuer",
        DEPOSIT_XPUBS="secretsmanager:xpubs",
    )
    assert (settings.pepper, settings.issuer) == (b"p" * 32, "https://there.example")
    assert sorted(settings.deposit_xpubs) == ["BTC", "EVM", "LTC", "TRX"]


def test_nodes_and_wallets_are_fetched_by_who_first_uses_them_and_once():
    services = FakeServices(nodes=json.dumps(NODES), wallets=json.dumps(ETH_WALLET))
    settings = read(services, CHAIN_NODES="secretsmanager:nodes", HOT_WALLETS="ssm:wallets")
    assert list(settings.chain_nodes) == list(BLOCKCHAINS)
    assert len(settings.chain_nodes) == len(BLOCKCHAINS)
    assert "ETH" in settings.chain_nodes
    assert services.asked == []
    for _ in range(3):
        assert settings.chain_nodes["ETH"].urls == ("https://node.example/ETH-KEY",)
    assert services.asked == ["secretsmanager", "nodes"]
    assert "ETH" in settings.hot_wallets
    assert "BTC" not in settings.hot_wallets
    assert settings.hot_wallets["ETH"].kms_key_id == "alias/hot-eth"
    assert services.asked == ["secretsmanager", "nodes", "ssm", "wallets"]


def test_a_secret_that_makes_no_sense_is_told_when_it_is_used():
    settings = read(FakeServices(nodes='{"ETH": "SECRET"}'), CHAIN_NODES="secretsmanager:nodes")
    with pytest.raises(ConfigurationError, match="CHAIN_NODES cannot be read: it lacks TRX") as refused:
        settings.chain_nodes["ETH"]
    assert "SECRET" not in str(refused.value)


def test_a_secret_that_is_not_there_is_named_and_tried_again():
    services = FakeServices()
    settings = read(services, CHAIN_NODES="secretsmanager:nodes")
    with pytest.raises(ConfigurationError, match="CHAIN_NODES cannot be read: secretsmanager:nodes gave KeyError"):
        settings.chain_nodes["ETH"]
    services.values["nodes"] = json.dumps(NODES)
    assert settings.chain_nodes["ETH"].urls


def test_an_eager_one_that_is_not_there_stops_the_process():
    with pytest.raises(ConfigurationError, match="PEPPER cannot be read: ssm:x gave KeyError"):
        read(PEPPER="ssm:x")


def test_nothing_secret_is_shown():
    settings = read(
        TOKEN_SIGNING_KEY={"d": "SECRET-KEY"},
        HOT_WALLETS={"BTC": {"seed": SEALED}},
        COINGECKO_API_KEY="SECRET-PLAN",
        AWS_LAMBDA_FUNCTION_NAME=None,
        HOT_WALLET_KEYS={"ETH": "ab" * 32},
        DEPOSIT_SEEDS={"EVM": "cd" * 32},
    )
    shown = f"{settings!r} {settings} {settings.chain_nodes!r} {settings.hot_wallets!r}"
    for secret in ("SECRET", "KEY", "node.example", "ab" * 32, "cd" * 32, r"\xcd", "ppp", "sss", "ccc", "xpub"):
        assert secret not in shown
