"""The price refresh, and how the rest of the system sees what it keeps."""

from fractions import Fraction

import pytest

from chalicelib import errors
from chalicelib.currencies import service
from chalicelib.currencies.prices import PriceSourceError, Quote
from chalicelib.currencies.records import PriceBoardRecord
from chalicelib.currencies.workers import refresh_prices
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put


class Source:
    """Says what a test tells it to, dated by the clock."""

    def __init__(self, name, clock, **usd):
        self.name, self.clock, self.usd = name, clock, usd
        self.failure: Exception | None = None

    def fetch(self):
        if self.failure:
            raise self.failure
        return {symbol: Quote(Fraction(price), self.clock.now()) for symbol, price in self.usd.items()}


@pytest.fixture
def sources(clock):
    return [Source(name, clock, BTC=50_000, ETH=2_500) for name in ("one", "two", "three")]


@pytest.fixture
def priced(another_process, sources):
    return another_process(price_sources=sources)


def btc(env) -> Fraction:
    return service.rate(env, "BTC", "USD")


def test_what_the_sources_agree_on_is_the_price(priced, sources):
    sources[2].usd["BTC"] = 50_100
    refresh_prices(priced)
    assert btc(priced) == 50_000


@pytest.mark.parametrize("failure", [PriceSourceError("down"), ValueError("nonsense"), KeyError("usd")])
def test_a_source_that_fails_is_skipped(priced, sources, failure):
    sources[0].failure = failure
    refresh_prices(priced)
    assert btc(priced) == 50_000


def test_when_nothing_agrees_the_board_stays_and_grows_old(priced, sources, clock):
    refresh_prices(priced)
    for source in sources:
        source.failure = PriceSourceError("down")
    clock.advance(240)
    refresh_prices(priced)
    clock.advance(60)
    assert btc(priced) == 50_000, "five minutes old, still good"
    clock.advance(1)
    with pytest.raises(errors.RatesUnavailableError):
        btc(priced)


def test_an_older_board_is_never_overwritten_by_an_empty_one(priced, sources, clock, aws_calls):
    refresh_prices(priced)
    before = service.stored_board(priced)
    for source in sources:
        source.failure = PriceSourceError("down")
    clock.advance(100_000)
    aws_calls.made.clear()
    refresh_prices(priced)
    assert "PutItem" not in aws_calls.made
    assert service.stored_board(priced) == before


def test_a_symbol_without_agreement_keeps_its_last_price_until_that_is_too_old(priced, sources, clock):
    refresh_prices(priced)
    for number, source in enumerate(sources):
        source.usd["ETH"] = 2_500 * (number + 1)
    clock.advance(300)
    refresh_prices(priced)
    assert service.rate(priced, "ETH", "USD") == 2_500
    clock.advance(5)
    refresh_prices(priced)
    assert set(service.stored_board(priced).prices) == {"BTC"}
    with pytest.raises(errors.RatesUnavailableError):
        service.rate(priced, "ETH", "USD")


def test_another_process_follows_within_five_seconds_with_one_read(
    priced, sources, another_process, clock, aws_calls
):
    other = another_process()
    refresh_prices(priced)
    assert btc(other) == 50_000
    for source in sources:
        source.usd["BTC"] = 60_000
    refresh_prices(priced)
    aws_calls.made.clear()
    clock.advance(4.9)
    assert [btc(other) for _ in range(3)] == [50_000] * 3
    assert aws_calls.made == []
    clock.advance(0.1)
    assert [btc(other) for _ in range(3)] == [60_000] * 3
    assert aws_calls.made == ["GetItem"]


def test_a_board_that_cannot_be_read_is_no_board(env):
    pk, sk = keys.price_board()
    env.store.commit(put(PriceBoardRecord(pk=pk, sk=sk, prices="nonsense")))
    with pytest.raises(errors.RatesUnavailableError):
        btc(env)


def test_rates_name_the_currency_that_is_none(env):
    with pytest.raises(errors.InvalidCurrencyError):
        service.rate(env, "XYZ", "USD")


def test_the_limits_of_payments_are_numbers(env):
    limits = service.deposit_limits(env, "usdttrc20")
    shown = {name: bytes(value) if name.endswith("amount") else value for name, value in limits.items()}
    assert shown == {
        "currency": "USDTTRC20",
        "min_amount": b"10.0",
        "max_amount": b"100000.0",
        "blockchain": "TRX",
        "token": "USDT",
    }
    assert bytes(service.deposit_limits(env, "BTC")["min_amount"]) == b"0.00005"


@pytest.mark.parametrize(
    ("named", "field"),
    [
        ((None, None, None), "currency"),
        (("XYZ", None, None), "currency"),
        ((None, "mars", "USDT"), "blockchain"),
        ((None, "TRX", "DAI"), "token"),
        (("BTC", "ETH", None), "blockchain"),
    ],
)
def test_a_currency_that_cannot_be_resolved_names_the_wrong_field(env, named, field):
    with pytest.raises(errors.InvalidCurrencyError) as refused:
        service.resolve(env, *named)
    assert list(refused.value.details) == [field]


def test_a_currency_is_resolved_by_any_name(env):
    assert service.resolve(env, None, "tron", "usdt").code == "USDTTRC20"
    assert service.resolve(env, "usdttrc20", "TRON", None).code == "USDTTRC20"
