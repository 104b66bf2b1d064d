"""The whole way: four servers, the schedule, the board in the table, and ``GET /rates/``."""

import json
import logging
from decimal import Decimal

import pytest

from chalicelib import environment
from chalicelib.currencies import service
from chalicelib.currencies.workers import refresh_prices
from tests.currencies.sources.market import SOURCES, good


@pytest.fixture
def env(another_process, servers, clock):
    """A process that asks the four public sources, on loopback."""
    sources = [kind(clock, base_url=servers[name].url, fetch_seconds=0.5) for name, kind in SOURCES.items()]
    return another_process(price_sources=sources)


@pytest.fixture
def rates(env, client):
    environment.provide(lambda: env)

    def asked(currency_from, currency_to, status=200):
        answer = client.get("/rates/", query={"currency_from": currency_from, "currency_to": currency_to})
        assert answer.status == status, answer.text
        if status != 200:
            assert answer.code == "rates_unavailable"
            return None
        return json.loads(answer.text, parse_float=Decimal)["rate"]

    return asked


def move(servers, factor, *names):
    """Let some servers say other prices of bitcoin than they did."""
    for name in names:
        said = good(name)("", {"currency": "BTC"}).says
        if name == "coingecko":
            said["bitcoin"]["usd"] *= factor
        elif name == "kraken":
            price = f"{63215.05 * factor:.5f}"
            said["result"]["XXBTZUSD"] |= {"a": [price], "b": [price]}
        elif name == "binance":
            said[0] |= {"bidPrice": f"{63234 * factor:.8f}", "askPrice": f"{63234 * factor:.8f}"}
        else:
            said["data"]["rates"]["USD"] = f"{63208 * factor:.3f}"
        if name == "coinbase":
            servers[name].answer = lambda path, query, said=said: (
                type(good("coinbase")(path, query))(said)
                if query["currency"] == "BTC"
                else good("coinbase")(path, query)
            )
        else:
            servers[name].always(said)


def test_four_sources_make_a_rate(env, rates):
    refresh_prices(env)
    # Binance: 63233.995 USDT at 0.999612, the middle of three, is 63209.46020994 dollars; then the mean of the
    # middle two of four: that and 63210.123456789.
    assert rates("BTC", "USD") == Decimal("63209.7918334")
    assert rates("EUR", "USD") == Decimal("1.08")
    assert rates("USD", "USDTTRC20") == Decimal("1.0003881506")
    assert rates("GBP", "TRX") == pytest.approx(Decimal("5.11"), rel=Decimal("0.005"))


@pytest.mark.parametrize("off", SOURCES)
def test_one_that_is_off_by_three_per_cent_does_not_count(env, rates, servers, off):
    move(servers, 1.03, off)
    refresh_prices(env)
    assert Decimal(63_200) < rates("BTC", "USD") < Decimal(63_220)


def test_two_against_two_is_no_price(env, rates, servers):
    move(servers, 1.1, "kraken", "coinbase")
    refresh_prices(env)
    rates("BTC", "USD", 503)
    assert rates("ETH", "USD") > 3_000


def test_one_hangs_one_has_enough_of_us_one_talks_nonsense(env, rates, servers, clock, caplog):
    servers["kraken"].hangs = True
    servers["binance"].always(b"", 429, Retry_After="150")
    servers["coingecko"].always(b"<html>")
    with caplog.at_level(logging.WARNING):
        refresh_prices(env)
    rates("BTC", "USD", 503)  # one alone is no price
    assert sorted(record.getMessage() for record in caplog.records if record.levelno == logging.WARNING) == [
        "the price source binance wants to be left alone for 150 s",
        "the price source coingecko answered something else than JSON",
        "the price source kraken did not answer in time",
    ]
    assert service.stored_board(env).prices == {}
    servers["coingecko"].answer = good("coingecko")
    refresh_prices(env)
    assert rates("BTC", "USD") == Decimal("63209.2842284")
    asked = len(servers["binance"].asked)
    for _ in range(2):  # kraken still hangs, binance still waits
        clock.advance(60)
        refresh_prices(env)
        assert rates("BTC", "USD")
    assert len(servers["binance"].asked) == asked
    clock.advance(60)
    refresh_prices(env)
    assert len(servers["binance"].asked) == asked + 1


def test_without_sources_prices_serve_for_five_minutes_and_no_longer(env, rates, servers, clock):
    refresh_prices(env)
    before = rates("BTC", "USD")
    for server in servers.values():
        server.always(b"", 503)
    clock.advance(240)
    refresh_prices(env)
    assert rates("BTC", "USD") == before
    clock.advance(60)  # the oldest quote in it was some seconds old when it was told
    refresh_prices(env)
    rates("BTC", "USD", 503)


def test_coingecko_that_stands_still_does_not_count(env, rates, servers, clock):
    servers["kraken"].always(b"", 500)
    servers["binance"].always(b"", 500)
    refresh_prices(env)
    assert rates("BTC", "USD")
    clock.advance(400)  # it answers, but says that its prices are from then
    refresh_prices(env)
    rates("BTC", "USD", 503)


def test_a_depegged_stablecoin_is_promised_to_nobody_and_moves_no_other_price(env, rates, servers):
    rows = good("coingecko")("", {}).says
    rows["tether"] |= {"usd": 0.95, "eur": 0.88, "gbp": 0.75}
    servers["coingecko"].always(rows)
    said = good("kraken")("", {}).says
    said["result"]["USDTZUSD"] |= {"a": ["0.9502"], "b": ["0.9500"]}
    servers["kraken"].always(said)
    book = good("binance")("", {}).says
    for row in book:  # bitcoin is worth what it was; it costs more of the USDT that lost its peg
        row |= {"bidPrice": str(float(row["bidPrice"]) / 0.95), "askPrice": str(float(row["askPrice"]) / 0.95)}
    servers["binance"].always(book)
    refresh_prices(env)
    rates("USD", "USDTTRC20", 503)
    rates("USDTBSC", "BTC", 503)
    assert Decimal(63_200) < rates("BTC", "USD") < Decimal(63_250)
    assert rates("USD", "USDCERC20") > 0
    assert service.board(env).paused_symbols == {"USDT"}


def test_quotes_in_usdt_do_not_count_while_nobody_knows_what_that_is_worth(env, rates, servers):
    rows = good("coingecko")("", {}).says
    del rows["tether"], rows["bitcoin"]
    servers["coingecko"].always(rows)
    servers["coinbase"].always(b"", 500)
    refresh_prices(env)  # bitcoin: Kraken in dollars, Binance in USDT, of which Kraken alone knows the price
    rates("BTC", "USD", 503)
    assert rates("ETH", "USD") > 3_000
