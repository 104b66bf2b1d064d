from decimal import ROUND_UP, Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import money

decimals_of_currencies = st.integers(min_value=0, max_value=18)
amounts_in_units = st.integers(min_value=0, max_value=10**30 - 1)  # thirty digits are read
fractions = st.fractions(min_value=0, max_value=10**24)


@pytest.mark.parametrize(
    ("sent", "decimals", "units"),
    [
        ("100", 6, 100_000_000),
        ("100.25", 6, 100_250_000),
        ("100.00000000", 6, 100_000_000),
        (100, 2, 10_000),
        (0, 8, 0),
        ("0.00000001", 8, 1),
        ("0.00000001", 18, 10**10),
        (Decimal("99.90"), 2, 9_990),
        (Decimal("0.00000001"), 8, 1),
        (Decimal("0.0000005"), 8, 50),
        ("1", 0, 1),
        ("007", 2, 700),
        ("9" * 30, 18, int("9" * 30 + "0" * 18)),
    ],
)
def test_amounts_are_read_to_the_last_unit(sent, decimals, units):
    assert money.parse_units(sent, decimals) == units


@pytest.mark.parametrize(
    "sent",
    [
        *("", " 1", "1 ", "1\n", "+1", "-1", "-0", "1e2", "1E-2", "NaN", "nan", "Infinity", "-Infinity"),
        *(".5", "5.", "1,5", "1_000", "0x10", "١٢", "１", "1.2.3", "9" * 31, "null", "true"),
        *(-1, 10**30, -(10**5000), 10**5000, True, False),
        *(Decimal(-1), Decimal("1E+2"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")),
        *(Decimal("1E-999999999"), Decimal("1E+999999999")),
        *(1.5, None, [], b"1"),
    ],
    ids=lambda sent: str(type(sent).__name__),
)
def test_what_is_no_plain_number_is_refused(sent):
    with pytest.raises(money.InvalidAmountError, match="plain decimal notation"):
        money.parse_units(sent, 8)


@pytest.mark.parametrize(
    ("sent", "decimals", "allowed"),
    [
        ("0.001", 2, 2),
        ("1.0000001", 6, 6),
        ("1.000000001", 8, 8),
        ("1.000000001", 18, 8),
        ("1.000000000", 18, 8),  # nine decimals are nine decimals, zeros too
        ("0.1", 0, 0),
        (Decimal("0.000000001"), 18, 8),
    ],
)
def test_more_decimals_than_the_currency_has_are_refused(sent, decimals, allowed):
    with pytest.raises(money.InvalidAmountError, match=f"at most {allowed} decimals"):
        money.parse_units(sent, decimals)


@given(units=amounts_in_units, decimals=decimals_of_currencies)
def test_what_is_written_is_read_back_exactly(units, decimals):
    shown = units // money.quantum(decimals) * money.quantum(decimals)
    assert money.parse_units(money.format_units(shown, decimals), decimals) == shown
    assert money.parse_units(Decimal(money.format_units(shown, decimals)), decimals) == shown


@given(units=amounts_in_units, decimals=decimals_of_currencies)
def test_written_amounts_are_worth_what_they_stand_for(units, decimals):
    written = Fraction(money.format_units(units, decimals))
    exact = Fraction(units, 10**decimals)
    assert 0 <= exact - written < Fraction(1, 10**8)
    assert money.format_units(units, decimals) == money.format_units(units, decimals, 8)


@given(units=amounts_in_units, decimals=decimals_of_currencies)
def test_a_negative_amount_is_written_as_its_positive_with_a_sign(units, decimals):
    written = money.format_units(-units, decimals)
    positive = money.format_units(units, decimals)
    assert written == (positive if Fraction(positive) == 0 else f"-{positive}")


def test_no_amount_is_written_as_minus_zero():
    assert money.format_units(-1, 18) == "0.00000000"
    assert money.format_units(-(10**10), 18) == "-0.00000001"


def test_amounts_are_written_with_eight_decimals_and_cents_with_two():
    assert money.format_units(1_500_000, 6) == "1.50000000"
    assert money.format_units(123_456_789_012_345_678, 18) == "0.12345678"
    assert money.format_fiat(9_900) == "99.00"
    assert money.format_fiat(5) == "0.05"


@pytest.mark.parametrize(
    ("units", "decimals", "number"),
    [
        (10_000_000, 6, "10.0"),
        (15, 8, "0.00000015"),
        (99_900_000, 6, "99.9"),
        (0, 8, "0.0"),
        (10**24, 18, "1000000.0"),
    ],
)
def test_numbers_read_as_in_the_samples(units, decimals, number):
    assert format(money.units_number(units, decimals), "f") == number


@given(units=amounts_in_units, decimals=decimals_of_currencies)
def test_numbers_are_the_written_amounts(units, decimals):
    assert money.units_number(units, decimals) == Decimal(money.format_units(units, decimals))


@pytest.mark.parametrize(("decimals", "units"), [(0, 1), (2, 1), (6, 1), (8, 1), (9, 10), (18, 10**10)])
def test_the_quantum_is_the_smallest_step_that_can_be_shown(decimals, units):
    assert money.quantum(decimals) == units


@given(value=fractions, step=st.integers(min_value=1, max_value=10**10))
def test_rounding_goes_to_the_nearest_step_in_the_named_direction(value, step):
    floor, ceil = money.floor_to(value, step), money.ceil_to(value, step)
    assert floor % step == ceil % step == 0
    assert floor <= value < floor + step
    assert ceil - step < value <= ceil


@given(rate=st.fractions(min_value=Fraction(1, 10**12), max_value=10**12))
def test_a_written_rate_is_off_by_less_than_its_twelfth_digit(rate):
    written = money.format_rate(rate)
    assert "E" not in written.upper()
    assert abs(Fraction(written) - rate) <= rate / 10**11
    assert len(written.replace(".", "").strip("0")) <= 12


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Fraction(1), "1"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(1, 64_000), "0.000015625"),
        (Fraction(1, 3 * 10**9), "0.000000000333333333333"),
        (Fraction(1234567890123456), "1234567890120000"),
        (Fraction(1000000000005, 10**12), "1"),
        (Fraction(1000000000015, 10**12), "1.00000000002"),  # half to even
    ],
)
def test_rates_have_twelve_significant_digits_in_plain_notation(rate, written):
    # Equal as numbers and plain; trailing zeros of an inexact quotient are the same rate.
    assert Fraction(money.format_rate(rate)) == Fraction(written)
    assert "E" not in money.format_rate(rate)


def test_rates_do_not_follow_the_callers_decimal_context():
    with localcontext() as context:
        context.rounding = ROUND_UP
        context.prec = 3
        assert money.format_rate(Fraction(1, 3)) == "0.333333333333"
    assert getcontext().prec == 28
