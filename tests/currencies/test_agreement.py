"""How several sources become one price."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.currencies.agreement import combine
from chalicelib.currencies.prices import CrossQuote, Quote, RatesUnavailableError

NOW = 1_788_263_940.25
usd_prices = st.fractions(min_value=Fraction(1, 10**9), max_value=10**9)


def said(*usd_of_sources, symbol="BTC", ages=None):
    ages = ages or [0] * len(usd_of_sources)
    return {
        f"source {n}": {symbol: Quote(Fraction(usd), NOW - age)}
        for n, (usd, age) in enumerate(zip(usd_of_sources, ages, strict=True))
    }


def agreed(*usd_of_sources, ages=None):
    quote = combine(said(*usd_of_sources, ages=ages), NOW).prices.get("BTC")
    return quote and quote.usd


@pytest.mark.parametrize(
    ("usd_of_sources", "usd"),
    [
        ((), None),
        ((100,), None),
        ((100, 101), Fraction(201, 2)),
        ((100, 102), 101),
        ((100, "102.0001"), None),
        ((102, 100), 101),
        ((100, 101, 102), 101),
        ((100, 101, 200), Fraction(201, 2)),
        ((1, 100, 101), Fraction(201, 2)),
        ((100, "101.5", 103), Fraction("101.5")),  # the middle one agrees with both
        ((100, 103, 106), None),
        ((100, 100, 200, 200), None),  # two camps: nobody can say
        ((100, 100, 100, 200, 200), 100),
        ((100, 101, 150, 200), Fraction(201, 2)),
        ((100, 100, 103), 100),  # one of three is off by 3 %
        ((100, 101, 103), 101),  # the same, but near enough to the one in the middle
        ((100, 103), None),  # two that disagree
        ((0, 0), None),
        ((-5, -5), None),
        ((0, 100, 100), 100),
    ],
)
def test_a_price_is_the_median_of_those_that_agree(usd_of_sources, usd):
    assert agreed(*usd_of_sources) == usd


@pytest.mark.parametrize(
    ("ages", "usd"),
    [
        ((0, 120), 100),
        ((0, 120.5), None),
        ((0, -120), 100),
        ((0, -121), None),
        ((0, 60, 500), 100),
        ((float("nan"), 0), None),
        ((float("inf"), 0), None),
        ((121, 500, 10**6), None),  # all stale
        ((0, 0, 121), 100),
    ],
)
def test_a_source_counts_for_two_minutes(ages, usd):
    assert agreed(*[100] * len(ages), ages=ages) == usd


def test_a_price_is_as_old_as_the_oldest_quote_in_it_and_outliers_do_not_count():
    quotes = said(100, 101, 500, ages=[10, 90, 110])
    assert combine(quotes, NOW).prices["BTC"].at == NOW - 90


def test_no_price_is_dated_later_than_now():
    ahead = combine(said(100, 100, ages=[-100, -50]), NOW)
    assert ahead.prices["BTC"].at == NOW
    assert ahead.rate("BTC", "USD", NOW + 300) == 100
    with pytest.raises(RatesUnavailableError):
        ahead.rate("BTC", "USD", NOW + 301)
    assert combine(said(100, 100, ages=[-100, 40]), NOW).prices["BTC"].at == NOW - 40


def in_tether(*quotes, tether=("0.99", "0.99"), tether_age=0):
    """Price a bitcoin by these quotes, where the others say what a USDT is worth."""
    quoted = {f"in USDT {n}": {"BTC": quote} for n, quote in enumerate(quotes)}
    dollars = said(*tether, symbol="USDT", ages=[tether_age] * len(tether))
    return combine({**dollars, **quoted}, NOW).prices.get("BTC")


def test_a_quote_in_another_unit_counts_at_that_units_price():
    crossed = CrossQuote(Fraction(100), "USDT", NOW)
    assert in_tether(Quote(Fraction(100), NOW), crossed) == Quote(Fraction("99.5"), NOW)
    assert in_tether(crossed, crossed) == Quote(Fraction(99), NOW)


@pytest.mark.parametrize("tether", [(), ("0.99",), ("0.99", "1.02"), ("0", "0")])
def test_a_quote_in_a_unit_without_a_price_does_not_count(tether):
    assert in_tether(*[CrossQuote(Fraction(100), "USDT", NOW)] * 3, tether=tether) is None


def test_a_quote_in_another_unit_is_as_old_as_the_older_of_the_two():
    quotes = [CrossQuote(Fraction(100), "USDT", NOW - 60)] * 2
    assert in_tether(*quotes, tether_age=90).at == NOW - 90
    assert in_tether(*quotes, tether_age=30).at == NOW - 60
    assert in_tether(*quotes, tether_age=121) is None
    assert in_tether(*[CrossQuote(Fraction(100), "USDT", NOW - 121)] * 2) is None


def test_a_unit_is_priced_by_quotes_in_dollars_alone():
    quotes = {
        "one": {"USDT": CrossQuote(Fraction(1), "USDC", NOW), "BTC": CrossQuote(Fraction(100), "USDT", NOW)},
        "two": {"USDT": CrossQuote(Fraction(1), "USDC", NOW), "BTC": CrossQuote(Fraction(100), "USDT", NOW)},
        **said(1, 1, symbol="USDC"),
    }
    assert set(combine(quotes, NOW).prices) == {"USDC", "USDT"}


def test_a_unit_off_its_peg_moves_no_other_price():
    quotes = Quote(Fraction(100), NOW), CrossQuote(Fraction(125), "USDT", NOW)
    assert in_tether(*quotes, tether=("0.8", "0.8")) == Quote(Fraction(100), NOW)


def test_each_symbol_is_judged_alone():
    quotes = {
        "one": {"BTC": Quote(Fraction(100), NOW), "ETH": Quote(Fraction(10), NOW)},
        "two": {"BTC": Quote(Fraction(100), NOW)},
    }
    assert set(combine(quotes, NOW).prices) == {"BTC"}


@given(st.lists(usd_prices, min_size=1, max_size=6), st.randoms())
def test_the_order_of_the_sources_does_not_matter(usd_of_sources, random):
    before = agreed(*usd_of_sources)
    random.shuffle(usd_of_sources)
    assert agreed(*usd_of_sources) == before


@given(st.fractions(min_value=1, max_value=10**6), st.lists(st.integers(-99, 99), min_size=2, max_size=5))
def test_sources_within_one_per_cent_of_the_truth_give_a_price_among_theirs(true_usd, offsets):
    prices = [true_usd * (1 + Fraction(offset, 10_000)) for offset in offsets]
    assert min(prices) <= agreed(*prices, true_usd * 3) <= max(prices)
