from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.currencies.rates import (
    Conversion,
    InvalidFeePercentageError,
    convert,
    convert_with_fee,
    rate_number,
    usd_cents,
)

amounts = st.decimals(min_value=0, max_value=10**9, places=8)
rates = st.fractions(min_value=Fraction(1, 10**9), max_value=10**9)
percentages = st.decimals(min_value=0, max_value=100, places=4)


def plain(number):
    return format(number, "f")


def test_the_simple_sample():
    converted = convert(Fraction(100), Fraction("0.999"), 8)
    assert plain(converted.estimated_amount) == "99.9"
    assert plain(converted.rate) == "0.999"
    assert converted.fee_amount is None
    assert converted.fee_percentage is None


def test_the_fee_is_taken_from_the_converted_amount():
    taken = convert_with_fee(Decimal("100.0"), Fraction("0.999"), 8, Fraction(1), is_fee_paid_by_user=False)
    assert taken == Conversion(Decimal("0.999"), Decimal("98.901"), Decimal(1), Decimal("0.999"))


def test_a_fee_on_top_leaves_the_amount_whole():
    on_top = convert_with_fee(Fraction(100), Fraction(1), 8, Decimal("1.5"), is_fee_paid_by_user=True)
    assert on_top == Conversion(Decimal(1), Decimal(100), Decimal("1.5"), Decimal("1.5"))
    assert [plain(number) for number in (on_top.estimated_amount, on_top.fee_amount)] == ["100.0", "1.5"]


@pytest.mark.parametrize(("shown_decimals", "estimated"), [(8, "0.33333333"), (2, "0.33")])
def test_estimates_round_down(shown_decimals, estimated):
    assert plain(convert(Fraction(1), Fraction(1, 3), shown_decimals).estimated_amount) == estimated


def test_the_estimate_uses_the_exact_rate_not_the_shown_one():
    converted = convert(Fraction(3 * 10**9), Fraction(1, 3), 8)
    assert plain(converted.estimated_amount) == "1000000000.0"
    assert plain(converted.rate) == "0.333333333333"


@given(amount=amounts, rate=rates, shown_decimals=st.sampled_from([2, 8]))
def test_an_estimate_is_short_by_less_than_its_last_decimal(amount, rate, shown_decimals):
    estimated = Fraction(convert(amount, rate, shown_decimals).estimated_amount)
    assert 0 <= Fraction(amount) * rate - estimated < Fraction(1, 10**shown_decimals)


@given(amount=amounts, rate=rates, percentage=percentages, shown_decimals=st.sampled_from([2, 8]))
def test_fee_and_net_add_up_whoever_pays(amount, rate, percentage, shown_decimals):
    simple = convert(amount, rate, shown_decimals)
    net = convert_with_fee(amount, rate, shown_decimals, percentage, is_fee_paid_by_user=False)
    on_top = convert_with_fee(amount, rate, shown_decimals, percentage, is_fee_paid_by_user=True)
    assert Fraction(net.estimated_amount) + Fraction(net.fee_amount) == Fraction(simple.estimated_amount)
    assert on_top.estimated_amount == simple.estimated_amount
    assert on_top.fee_amount == net.fee_amount
    exact_fee = Fraction(simple.estimated_amount) * Fraction(percentage) / 100
    assert 0 <= exact_fee - Fraction(net.fee_amount) < Fraction(1, 10**shown_decimals)


@pytest.mark.parametrize("percentage", [Fraction(-1), Decimal("100.0001")])
def test_a_fee_that_is_no_percentage_is_refused(percentage):
    with pytest.raises(InvalidFeePercentageError, match="between 0 and 100"):
        convert_with_fee(Fraction(1), Fraction(1), 8, percentage, is_fee_paid_by_user=False)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Fraction(1), "1.0"),
        (Fraction(64_000), "64000.0"),
        (Fraction(1, 64_000), "0.000015625"),
        (Fraction(2, 3), "0.666666666667"),
    ],
)
def test_rates_are_plain_numbers(rate, shown):
    assert plain(rate_number(rate)) == shown


@pytest.mark.parametrize(
    ("units", "decimals", "usd_rate", "cents"),
    [
        (10_000_000, 6, Fraction(1), 1_000),
        (10**18, 18, Fraction("3200.129"), 320_012),
        (1, 8, Fraction(64_000), 0),
    ],
)
def test_worth_in_cents_is_rounded_down(units, decimals, usd_rate, cents):
    assert usd_cents(units, decimals, usd_rate) == cents
