"""Sealing a seed on the command line: what comes out can be opened again, and tells nothing."""

import io
import json

import pytest
from moto import mock_aws

from chalicelib.errors import InvalidRequestError
from chalicelib.operator.__main__ import main
from chalicelib.operator.command_line import run
from chalicelib.settings.wallets import read_wallets
from tests.chains.private_derivation import ABANDON_SEED, account_xpub
from tests.chains.signers.key_service import client
from tests.support.settings import make_settings


@pytest.fixture
def deployed(another_process):
    """The environment of a process that is no sandbox."""
    return another_process(
        settings=make_settings(
            sandbox_seed=None,
            hot_wallet_keys=None,
            deposit_seeds=None,
            rate_limits=True,
            price_sources=("coingecko", "kraken"),
        )
    )


@pytest.fixture
def key_id(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield client().create_key()["KeyMetadata"]["KeyId"]


def test_a_sealed_seed_is_what_hot_wallets_takes(deployed, key_id, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(ABANDON_SEED.hex() + "\n"))
    assert main(["wallet", "seal", "BTC", "--kms-key", key_id], lambda: deployed) == 0
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert answer["xpub"] == account_xpub(84, 0)
    wallet = read_wallets({"BTC": {"seed": answer["sealed"]}}, {"BTC": "BTC"})["BTC"]
    from chalicelib.chains.signers.sealing import unseal  # noqa: PLC0415 -- the other side of it

    assert unseal(client(), wallet.seed, "BTC") == ABANDON_SEED
    assert ABANDON_SEED.hex() not in printed.out + printed.err


@pytest.mark.parametrize("line", ["", "\n", "xyz", "00", "00" * 15, "00" * 65, "00" * 500, "abandon about"])
def test_what_is_no_seed_is_refused(deployed, key_id, monkeypatch, line):
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    with pytest.raises(InvalidRequestError) as refused:
        run(deployed, ["wallet", "seal", "BTC", "--kms-key", key_id])
    assert "xyz" not in str(refused.value)
    assert "abandon" not in str(refused.value)


def test_a_key_that_may_not_be_used_is_told(deployed, key_id, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(ABANDON_SEED.hex()))
    assert main(["wallet", "seal", "EVM", "--kms-key", key_id[::-1]], lambda: deployed) == 1
    assert "refused to generate_data_key with NotFoundException" in capsys.readouterr().out


def test_the_sandbox_seals_nothing_and_reads_nothing(env, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InvalidRequestError, match="sandbox"):
        run(env, ["wallet", "seal", "BTC", "--kms-key", "alias/seeds"])
