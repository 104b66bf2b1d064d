"""What a start takes, keeps and refuses, before anything runs."""

import stat
from pathlib import Path

import pytest

from chalicelib.chains.hdkeys import deposit_address
from chalicelib.chains.signers.derivation import account_key
from sandbox import directory, identity, variables
from sandbox.hd_keys import deposit_xpubs
from sandbox.variables import VariableError, Variables
from tests.chains.private_derivation import ABANDON_SEED


def chosen(path: Path, **others: str) -> Variables:
    return variables.read({"SANDBOX_DIR": str(path), **others})


def test_the_defaults_are_those_of_the_contract() -> None:
    assert variables.read({}) == Variables(
        8000, 8001, Path(".sandbox").absolute(), "ministack", True, True, 2.0, 1
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("CONTROL_PORT", "8000"),
        ("ENGINE", "moto"),
        ("LOCAL_CALLBACKS", "yes"),
        ("RATE_LIMITS", "2"),
        ("BLOCK_SECONDS", "-1"),
        ("BLOCK_SECONDS", "nan"),
        ("SANDBOX_SEED", "1.5"),
        ("SANDBOX_DIR", __file__),
    ],
)
def test_a_wrong_variable_is_refused_with_a_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(VariableError, match=rf"{name}.*\.$"):
        variables.read({name: value})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert variables.read({"PORT": "", "BLOCK_SECONDS": "0"}).block_seconds == 0


def test_the_identity_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = identity.load_or_make(chosen(tmp_path))
    assert identity.load_or_make(chosen(tmp_path)) == made
    assert stat.S_IMODE((tmp_path / "identity.json").stat().st_mode) == 0o600
    [public] = made.token_public_keys["keys"]
    assert "d" not in public
    assert public["kid"] == made.token_signing_key["kid"]
    assert len(made.pepper) == len(made.secrets_key) == 32


def test_a_directory_made_with_another_seed_or_engine_is_refused(tmp_path: Path) -> None:
    identity.load_or_make(chosen(tmp_path))
    with pytest.raises(VariableError, match="SANDBOX_SEED=1"):
        identity.load_or_make(chosen(tmp_path, SANDBOX_SEED="2"))
    with pytest.raises(VariableError, match="ENGINE=ministack"):
        identity.load_or_make(chosen(tmp_path, ENGINE="dynamodb-local"))


def test_one_sandbox_at_a_time_has_the_directory(tmp_path: Path) -> None:
    with (
        directory.locked(tmp_path),
        pytest.raises(VariableError, match="is running"),
        directory.locked(tmp_path),
    ):
        pass


def test_after_a_power_cut_the_state_is_that_of_the_last_clean_stop(tmp_path: Path) -> None:
    assert directory.note_start(tmp_path)
    (tmp_path / directory.CHAINS).write_text("clean")
    directory.note_clean_stop(tmp_path)
    assert directory.note_start(tmp_path)
    (tmp_path / directory.CHAINS).write_text("later")
    (tmp_path / directory.SURROUNDINGS).write_text("later")
    assert not directory.note_start(tmp_path)
    directory.go_back_to_clean_stop(tmp_path)
    assert (tmp_path / directory.CHAINS).read_text() == "clean"
    assert not (tmp_path / directory.SURROUNDINGS).exists()


# The first addresses of the mnemonic "abandon … about": BIP-84's own vectors, and what every wallet shows.
@pytest.mark.parametrize(
    ("family", "first_address"),
    [
        ("EVM", "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
        ("BTC", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
        ("TRX", "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
    ],
)
def test_keys_are_derived_as_wallets_do(family: str, first_address: str) -> None:
    assert deposit_address(family, account_key(ABANDON_SEED, family).xpub(), 0) == first_address


def test_the_same_seed_gives_the_same_addresses_and_another_seed_others() -> None:
    assert deposit_xpubs(1) == deposit_xpubs(1)
    assert not set(deposit_xpubs(1).values()) & set(deposit_xpubs(2).values())
