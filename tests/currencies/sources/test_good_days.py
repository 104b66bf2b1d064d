"""What each source makes of the answers of a good day, and how it asks for them."""

from fractions import Fraction
from urllib.parse import urlsplit

import pytest

from chalicelib.currencies.agreement import combine
from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.currencies.prices import CrossQuote, Quote
from chalicelib.currencies.sources import binance, coinbase, coingecko, kraken
from tests.currencies.sources.market import SOURCES, good

NEEDED = {token.symbol for token in load_catalogue().tokens()} | {"EUR", "GBP"}


def test_the_needed_symbols_are_all_tokens_gas_coins_and_fiats():
    assert {"BTC", "LTC", "ETH", "TRX", "USDT", "USDC", "DAI", "BNB", "POL", "EUR", "GBP"} == NEEDED
    assert {fiat.code for fiat in load_catalogue().fiats()} == {"USD", "EUR", "GBP"}


def test_coingecko_is_asked_once_for_ids_and_says_when_each_price_was(sources, servers, clock):
    quotes = sources["coingecko"].fetch()
    assert set(quotes) == NEEDED
    assert quotes["BTC"] == Quote(Fraction("63210.123456789"), 1_789_999_970)
    assert quotes["DAI"] == Quote(Fraction("1.0001"), 1_789_999_949)
    assert quotes["EUR"] == Quote(Fraction("63210.123456789") / Fraction("58528.64"), 1_789_999_970)
    assert quotes["GBP"].usd == Fraction("63210.123456789") / Fraction("49771.75073841")
    assert servers["coingecko"].asked == [
        (
            "/api/v3/simple/price",
            {
                "ids": "bitcoin,litecoin,ethereum,tron,tether,usd-coin,dai,binancecoin,polygon-ecosystem-token",
                "vs_currencies": "usd,eur,gbp",
                "include_last_updated_at": "true",
                "precision": "full",
            },
        )
    ]


def test_kraken_is_asked_once_and_means_the_middle_of_the_market(sources, servers, clock):
    quotes = sources["kraken"].fetch()
    assert set(quotes) == NEEDED
    assert quotes["BTC"] == Quote(Fraction("63215.05"), clock.now())
    assert quotes["EUR"] == Quote(Fraction("1.08"), clock.now())
    assert quotes["TRX"].usd == Fraction("0.24858")
    pairs = "XBTUSD,LTCUSD,ETHUSD,TRXUSD,USDTUSD,USDCUSD,DAIUSD,BNBUSD,POLUSD,EURUSD,GBPUSD"
    assert servers["kraken"].asked == [("/0/public/Ticker", {"pair": pairs})]


def test_binance_is_asked_once_and_quotes_in_usdt(sources, servers, clock):
    quotes = sources["binance"].fetch()
    assert set(quotes) == {"BTC", "LTC", "ETH", "TRX", "USDC", "BNB", "POL"}
    assert quotes["BTC"] == CrossQuote(Fraction("63233.995"), "USDT", clock.now())
    symbols = '["BTCUSDT","LTCUSDT","ETHUSDT","TRXUSDT","USDCUSDT","BNBUSDT","POLUSDT"]'
    assert servers["binance"].asked == [("/api/v3/ticker/bookTicker", {"symbols": symbols})]


def test_coinbase_is_asked_for_one_after_another_but_not_for_its_own_dollar(sources, servers, clock):
    quotes = sources["coinbase"].fetch()
    assert set(quotes) == NEEDED - {"USDC"}
    assert quotes["BTC"] == Quote(Fraction("63208.445"), clock.now())
    asked = sorted(servers["coinbase"].asked, key=str)
    assert asked == [("/v2/exchange-rates", {"currency": symbol}) for symbol in sorted(quotes)]


@pytest.mark.parametrize("silent", [None, *SOURCES])
def test_every_symbol_has_a_price_whichever_source_is_missing(sources, clock, silent):
    said = {name: source.fetch() for name, source in sources.items() if name != silent}
    board = combine(said, clock.now())
    assert set(board.prices) == NEEDED
    for token in load_catalogue().tokens():
        assert Fraction(98, 100) < board.prices[token.symbol].usd / token.reference_usd < Fraction(102, 100)
    assert Fraction("1.07") < board.prices["EUR"].usd < Fraction("1.09")
    assert Fraction("1.26") < board.prices["GBP"].usd < Fraction("1.28")


def test_every_symbol_has_three_sources_or_more(sources):
    said = [symbol for source in sources.values() for symbol in source.fetch()]
    assert {symbol for symbol in NEEDED if said.count(symbol) < 3} == set()


def test_what_a_source_has_nothing_for_is_left_out(sources, servers):
    rows = good("coingecko")("", {}).says
    del rows["dai"], rows["bitcoin"]  # an id that is not known is simply absent
    rows["tron"] = {}
    servers["coingecko"].always(rows)
    assert NEEDED - set(sources["coingecko"].fetch()) == {"DAI", "BTC", "EUR", "GBP", "TRX"}
    answers = good("coinbase")("", {"currency": "BTC"}).says
    servers["coinbase"].answer = good("coinbase", {"BTC": answers})  # 400 for all others
    assert set(sources["coinbase"].fetch()) == {"BTC"}


def test_kraken_may_call_pairs_as_they_were_asked_for(sources, servers):
    said = good("kraken")("", {}).says
    said["result"] = {"XBTUSD": said["result"]["XXBTZUSD"]}
    servers["kraken"].always(said)
    assert {symbol: quote.usd for symbol, quote in sources["kraken"].fetch().items()} == {
        "BTC": Fraction("63215.05")
    }


def test_a_warning_of_kraken_is_no_error(sources, servers):
    servers["kraken"].always({**good("kraken")("", {}).says, "error": ["WGeneral:Something is odd"]})
    assert set(sources["kraken"].fetch()) == NEEDED


def test_the_public_servers_are_asked_over_tls():
    for module in (coingecko, kraken, binance, coinbase):
        assert urlsplit(module.BASE_URL).scheme == "https"
