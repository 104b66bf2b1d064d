from fractions import Fraction

import pytest

from chalicelib.currencies.agreement import combine
from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.currencies.prices import PriceSource, PriceSourceError, RatesUnavailableError
from chalicelib.currencies.sources.seeded import PriceControls, SeededPrices


class StandingClock:
    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time


@pytest.fixture
def clock():
    return StandingClock(1_000_000.5)


def usd(source):
    return {symbol: quote.usd for symbol, quote in source.fetch().items()}


def test_everything_in_the_catalogue_has_a_price_dated_now(clock):
    quotes = SeededPrices("one", 1, clock).fetch()
    symbols = {currency.price_symbol for currency in (*load_catalogue().all(), *load_catalogue().fiats())}
    assert symbols <= set(quotes)
    assert {quote.at for quote in quotes.values()} == {1_000_000.5}


def test_two_sources_of_one_seed_agree_and_stay_the_same(clock):
    one, two = SeededPrices("one", 7, clock), SeededPrices("two", "7", clock)
    before = usd(one)
    clock.time += 10**7
    assert usd(one) == usd(two) == before


def test_prices_are_the_same_on_every_machine(clock):
    # Pinned: people write down addresses and prices of a seed.
    prices = usd(SeededPrices("one", 1, clock))
    pinned = {"BTC": "61523.2", "ETH": "3164.16", "LTC": "79.824", "TRX": "0.245075"}
    assert {symbol: prices[symbol] for symbol in pinned} == {s: Fraction(usd) for s, usd in pinned.items()}


def test_dollars_are_dollars_and_fiats_are_fixed(clock):
    for seed in range(5):
        prices = usd(SeededPrices("one", seed, clock))
        assert {prices[symbol] for symbol in ("USD", "USDT", "USDC", "DAI")} == {1}
        assert (prices["EUR"], prices["GBP"]) == (Fraction("1.08"), Fraction("1.27"))


def test_seeds_move_prices_by_at_most_five_per_cent(clock):
    prices = [usd(SeededPrices("one", seed, clock))["BTC"] for seed in range(50)]
    assert len(set(prices)) > 40
    assert all(64_000 * Fraction(95, 100) <= price <= 64_000 * Fraction(105, 100) for price in prices)


def test_a_price_can_be_moved_while_running(clock):
    controls = PriceControls()
    source = SeededPrices("one", 1, clock, lambda: controls)
    before = usd(source)
    controls = PriceControls(usd_prices={"BTC": Fraction(1)})
    assert usd(source) == {**before, "BTC": 1}


def test_one_or_all_sources_can_be_silenced(clock):
    controls = PriceControls(silent_sources=frozenset({"one"}))
    one, two = (SeededPrices(name, 1, clock, lambda: controls) for name in ("one", "two"))
    with pytest.raises(PriceSourceError, match="one is silent"):
        one.fetch()
    assert two.fetch()
    controls = PriceControls(are_all_silent=True)
    with pytest.raises(PriceSourceError, match="two is silent"):
        two.fetch()


def test_two_seeded_sources_make_a_board_that_grows_stale(clock):
    sources: list[PriceSource] = [SeededPrices("one", 1, clock), SeededPrices("two", 1, clock)]
    board = combine({source.name: source.fetch() for source in sources}, clock.now())
    assert board.rate("USD", "USDTTRC20", clock.now()) == 1
    with pytest.raises(RatesUnavailableError):
        board.rate("USD", "USDTTRC20", clock.now() + 301)
