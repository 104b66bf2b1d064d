"""When money moves, and what its way home is made of: decided without a chain."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.address_source import DerivedAccounts, Lying, Move
from chalicelib.chains.hdkeys import address_at
from chalicelib.config import FAMILIES
from chalicelib.sweeping import rules
from chalicelib.sweeping.rules import Standing
from tests.support.settings import make_settings

HOME, FEE = "0xhome", 1_000
XPUBS = make_settings().deposit_xpubs
SOURCE = DerivedAccounts(XPUBS)


def lying(token: str = "USDT", units: int = 70, gas_units: int = 0) -> Lying:
    return Lying("0xaccount", "0/17", token, units, gas_units)


def moves(what: Lying) -> tuple[Move, ...]:
    return SOURCE.moves(what, HOME, "ETH", FEE)


def test_an_account_without_gas_is_topped_up_to_twice_the_fee_first() -> None:
    assert moves(lying(gas_units=300)) == (
        Move("top-up", None, "0xaccount", "ETH", 1_700),
        Move("sweep", "0/17", HOME, "USDT", 70),
    )


def test_gas_that_is_there_is_enough() -> None:
    assert moves(lying(gas_units=999))[0].purpose == "top-up"
    assert moves(lying(gas_units=1_000)) == (Move("sweep", "0/17", HOME, "USDT", 70),)


def test_the_native_coin_leaves_twice_its_fee_behind() -> None:
    assert moves(lying("ETH", 5_000, 5_000)) == (Move("sweep", "0/17", HOME, "ETH", 3_000, 2_000),)
    assert moves(lying("ETH", 2_000, 2_000)) == ()


def test_nothing_is_made_of_nothing() -> None:
    assert moves(lying(units=0, gas_units=10_000)) == ()


@pytest.mark.parametrize("family", FAMILIES)
def test_addresses_are_those_of_the_paths_that_spend_them(family: str) -> None:
    for index in (0, 17, 2**31 - 1):
        assert SOURCE.address(family, index) == address_at(family, XPUBS[family], SOURCE.key_path(index))


@pytest.mark.parametrize(
    ("status", "age_seconds", "expected"),
    [
        ("pending", 3_599, Standing.OPEN),
        ("pending", 3_600, Standing.LATE),
        ("processing", 10**6, Standing.OPEN),
        ("submitted", 10**6, Standing.OPEN),
        ("completed", 0, Standing.DONE),
        ("failed", 0, Standing.FAILED),
        ("cancelled", 0, Standing.FAILED),
        ("rejected", 0, Standing.FAILED),
    ],
)
def test_how_a_move_stands(status: str, age_seconds: int, expected: Standing) -> None:
    assert rules.standing(status, age_seconds) is expected


def test_each_failure_is_waited_for_longer_up_to_a_week() -> None:
    assert [rules.backoff_seconds(count) for count in (1, 2, 3, 4, 5, 99)] == [
        3_600,
        14_400,
        57_600,
        230_400,
        604_800,
        604_800,
    ]


def test_what_is_brought_home_costs_a_tenth_at_most() -> None:
    assert rules.is_cheap(Fraction(5_000), Fraction(500))
    assert not rules.is_cheap(Fraction(5_000), Fraction(501))


@given(units=st.integers(0, 10**30), decimals=st.integers(0, 18), usd=st.fractions(0, 10**6))
def test_worth_is_exact(units: int, decimals: int, usd: Fraction) -> None:
    assert rules.usd_cents(units, decimals, usd) * 10**decimals == units * usd * 100
