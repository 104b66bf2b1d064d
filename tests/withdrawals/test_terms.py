from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.money import quantum
from chalicelib.withdrawals.terms import NothingLeftError, least_units, terms

PERCENTS = st.integers(0, 999_999).map(lambda parts: Fraction(parts, 10_000))


def test_the_overviews_sample():
    agreed = terms(100_000_000, 6, Fraction(1), 500_000, is_final_amount=False)
    assert (agreed.requested_units, agreed.amount_units) == (100_000_000, 98_500_000)
    assert (agreed.fee_units, agreed.platform_fee_units, agreed.network_fee_units) == (
        1_500_000,
        1_000_000,
        500_000,
    )


def test_a_final_amount_has_the_fees_on_top():
    agreed = terms(100_000_000, 6, Fraction(1), 500_000, is_final_amount=True)
    assert (agreed.requested_units, agreed.amount_units, agreed.fee_units) == (100_000_000, 100_000_000, 1_500_000)


def test_the_platforms_fee_is_rounded_down_to_what_can_be_shown():
    assert terms(10_000_001, 6, Fraction(1), 0, is_final_amount=False).platform_fee_units == 100_000
    assert terms(199 * 10**10, 18, Fraction(1), 0, is_final_amount=False).platform_fee_units == 10**10


def test_nothing_left_is_refused():
    with pytest.raises(NothingLeftError):
        terms(100, 6, Fraction(0), 100, is_final_amount=False)
    assert terms(101, 6, Fraction(0), 100, is_final_amount=False).amount_units == 1
    assert terms(100, 6, Fraction(0), 100, is_final_amount=True).amount_units == 100


def test_less_than_the_chain_pays_out_is_refused_and_asked_for() -> None:
    least = least_units(5_000, 8, Fraction(1), 29_646, 546)
    assert terms(least, 8, Fraction(1), 29_646, is_final_amount=False, least_paid_units=546).amount_units >= 546
    with pytest.raises(NothingLeftError):
        terms(least - 1, 8, Fraction(1), 29_646, is_final_amount=False, least_paid_units=546)


@given(st.integers(1, 10**12), st.sampled_from([6, 8, 18]), PERCENTS, st.integers(0, 10**9), st.booleans())
def test_the_parts_add_up_and_can_be_shown(steps, decimals, percent, fee_steps, is_final):
    step = quantum(decimals)
    try:
        agreed = terms(steps * step, decimals, percent, fee_steps * step, is_final_amount=is_final)
    except NothingLeftError:
        return
    left = agreed.amount_units if is_final else agreed.amount_units + agreed.fee_units
    assert left == agreed.requested_units
    assert all(units % step == 0 for units in (agreed.amount_units, agreed.platform_fee_units))
    exact = agreed.requested_units * percent / 100
    assert exact - step < agreed.platform_fee_units <= exact


@given(st.integers(1, 10**8), st.sampled_from([6, 8, 18]), PERCENTS, st.integers(0, 10**8))
def test_the_least_leaves_something_and_one_step_less_does_not(minimum, decimals, percent, fee):
    step = quantum(decimals)
    least = least_units(minimum * step, decimals, percent, fee * step)
    assert least >= minimum * step
    assert terms(least, decimals, percent, fee * step, is_final_amount=False).amount_units > 0
    if least > minimum * step:
        with pytest.raises(NothingLeftError):
            terms(least - step, decimals, percent, fee * step, is_final_amount=False)
