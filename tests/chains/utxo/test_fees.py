"""The going rate: the node's word within our bounds."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.utxo.fees import HIGHEST_RATE, going_rate, units_of
from tests.chains.utxo.patience import PATIENT

POOL = {"mempoolminfee": Decimal("0.00001"), "minrelaytxfee": Decimal("0.00001")}


@pytest.mark.parametrize(
    ("told", "rate"),
    [
        (Decimal("0.00012345"), 12_345),
        (Decimal("0.00000500"), 1_000),
        (Decimal("0.5"), HIGHEST_RATE),
        (0, 1_000),
    ],
)
def test_the_nodes_estimate_counts_between_the_least_and_the_most(told, rate):
    assert going_rate({"feerate": told, "blocks": 3}, POOL) == rate


def test_a_node_without_an_estimate_is_asked_what_it_relays_and_given_more():
    said = {"errors": ["Insufficient data or no feerate found"], "blocks": 0}
    assert going_rate(said, POOL) == 5_000
    assert going_rate(said, {**POOL, "mempoolminfee": Decimal("0.00004")}) == 20_000
    assert going_rate(said, {**POOL, "minrelaytxfee": Decimal("0.000001")}) == 5_000
    assert going_rate(said, {**POOL, "mempoolminfee": Decimal("0.009")}) == HIGHEST_RATE


def test_a_full_pool_raises_the_estimate():
    assert going_rate({"feerate": Decimal("0.00002")}, {**POOL, "mempoolminfee": Decimal("0.0003")}) == 30_000


def test_a_pool_that_wants_more_than_we_ever_pay_is_of_no_use():
    with pytest.raises(ChainUnavailableError, match="higher fee rate"):
        going_rate({"feerate": Decimal("0.0001")}, {**POOL, "mempoolminfee": Decimal("0.01000001")})


@PATIENT
@given(st.integers(0, 84_000_000 * 10**8))
def test_amounts_are_read_exactly(units):
    assert units_of(Decimal(units).scaleb(-8)) == units


@pytest.mark.parametrize(
    "nonsense",
    [
        -1,
        "1",
        None,
        True,
        [],
        0.5,
        math.nan,
        math.inf,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("1E+999999"),
        Decimal("1E-999999"),
        Decimal("0.000000001"),
        84_000_001,
    ],
    ids=str,
)
def test_what_is_no_amount_is_refused(nonsense):
    with pytest.raises((ValueError, ArithmeticError)):
        units_of(nonsense)
