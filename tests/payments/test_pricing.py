from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib import money
from chalicelib.payments import pricing
from chalicelib.payments.pricing import Terms, UnquotableError, quote

USDT, ETH = 6, 18

prices = st.integers(1, 10**12)
rates = st.fractions(min_value=Fraction(1, 10**9), max_value=10**9)
percents = st.fractions(min_value=0, max_value=100, max_denominator=10_000)
coin_decimals = st.sampled_from([6, 8, 18])


def test_the_merchant_pays_the_fee_out_of_the_price():
    assert quote(100_00, 2, Fraction(1), USDT, Fraction(1), False) == Terms(100_000_000, 99_000_000)


def test_the_customer_pays_the_fee_on_top_of_the_price():
    terms = quote(100_00, 2, Fraction(1), USDT, Fraction(1), True)
    assert terms == Terms(101_000_000, 100_000_000)
    assert pricing.fee_units(terms) == 1_000_000
    assert pricing.credited_total(101_000_000, terms, USDT) == 100_000_000


def test_what_is_owed_is_rounded_up_to_what_the_api_shows_and_a_fee_down():
    # 1.00 at 1/3 is 0.333…: eight decimals of ether, in wei.
    terms = quote(1_00, 2, Fraction(1, 3), ETH, Fraction(1), False)
    assert terms.due_units == 33_333_334 * 10**10
    assert pricing.fee_units(terms) == 333_333 * 10**10


def test_a_price_in_the_coin_itself_is_owed_as_it_stands():
    assert quote(123_456_789, 8, Fraction(1), 8, Fraction(0), False) == Terms(123_456_789, 123_456_789)


def test_the_least_price_still_asks_for_something():
    assert quote(1, 2, Fraction(1, 10**8), 6, Fraction(50), False) == Terms(1, 1)


@pytest.mark.parametrize(
    ("price", "rate", "fee"), [(0, 1, 1), (-1, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, -1), (100, 1, 101)]
)
def test_what_makes_no_sense_is_refused(price, rate, fee):
    with pytest.raises(UnquotableError):
        quote(price, 2, Fraction(rate), USDT, Fraction(fee), False)


@given(prices, rates, coin_decimals, percents, st.booleans())
def test_paying_exactly_what_is_due_credits_exactly_what_was_agreed(price, rate, decimals, fee, by_user):
    terms = quote(price, 2, rate, decimals, fee, by_user)
    step = money.quantum(decimals)
    converted = Fraction(price * 10**decimals, 100) * rate
    owed = converted * (1 + fee / 100) if by_user else converted
    assert terms.due_units % step == terms.net_due_units % step == 0
    assert 0 <= terms.due_units - owed < step
    assert 0 <= terms.net_due_units <= terms.due_units
    assert pricing.credited_total(terms.due_units, terms, decimals) == terms.net_due_units
    if by_user:
        assert 0 <= terms.net_due_units - converted < step


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), prices, percents, coin_decimals, st.booleans())
def test_several_parts_are_credited_as_one_sum_would_be(parts, price, fee, decimals, by_user):
    step = money.quantum(decimals)
    terms = quote(price, 2, Fraction(1), decimals, fee, by_user)
    received = credited = 0
    for part in parts:
        received += part * step
        net = pricing.credited_total(received, terms, decimals) - credited
        assert 0 <= net <= part * step
        credited += net
    assert credited == pricing.credited_total(sum(parts) * step, terms, decimals)


def test_the_tolerance_is_a_share_of_what_is_due():
    assert pricing.tolerated_units(100_000_000, Fraction(1, 2)) == 99_500_000
    assert pricing.tolerated_units(100_000_000, Fraction(0)) == 100_000_000
    assert pricing.tolerated_units(3, Fraction(1, 2)) == 3
    assert pricing.tolerated_units(100, Fraction(100)) == 1


@given(st.integers(1, 10**24), rates, rates, coin_decimals)
def test_whoever_sends_the_rest_at_the_last_rate_has_paid_it(rest, created, last, decimals):
    coins = pricing.coins_for(rest, created, last, decimals)
    assert pricing.due_equivalent(coins, created, last) >= rest
    assume(coins > money.quantum(decimals))
    less = coins - money.quantum(decimals)
    assert pricing.due_equivalent(less, created, last) < rest


def test_a_deposit_at_another_rate_is_worth_its_price_then():
    # 100 coins when a price unit had become worth 1.25 coins instead of 1: four fifths of what was asked.
    assert pricing.due_equivalent(100, Fraction(1), Fraction(5, 4)) == 80
    assert pricing.due_equivalent(99, Fraction(1), Fraction(5, 4)) == 79
