"""Answers that are wrong, absurd or refusals, and that no wrong price comes of them."""

import json
from fractions import Fraction

import pytest

from chalicelib.currencies.prices import PriceSourceError
from chalicelib.currencies.sources import reading
from tests.currencies.sources.market import SOURCES, good

ABSURD = [
    *(
        "0",
        "-1",
        "-63210.5",
        "NaN",
        "Infinity",
        "1e30",
        "1E+30",
        "1e999999999",
        "0x10",
        "1_000",
        " 1",
        "1 ",
        "１２",
    ),
    *("abc", "", "1.", ".5", "1,5", "9" * 400, None, True, [], {}, ["1"]),
]
NO_PRICES = [
    *(
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"<html>502 Bad Gateway</html>",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'"x"',
        b"1",
    ),
    *(b"NaN", b'{"result": 1}', b'{"error": [], "result": {"XXBTZUSD": null}}', b'{"data": {"rates": []}}'),
    *(b'{"error": {}, "result": {}}', b'{"bitcoin": null}', b'[null, 1, {"symbol": ["BTCUSDT"]}]', b"1" * 5_000),
]


def price_of(name, value):
    """The good day's answer with ``value`` as everything that says what a bitcoin is worth."""
    said = good(name)("", {"currency": "BTC"}).says
    if name == "coingecko":
        said["bitcoin"]["usd"] = value
    elif name == "kraken":
        said["result"]["XXBTZUSD"] |= {"a": [value, "1", "1.000"], "b": [value, "1", "1.000"]}
    elif name == "binance":
        said[0] |= {"bidPrice": value, "askPrice": value}
    else:
        said["data"]["rates"]["USD"] = value
    return said


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("value", ABSURD, ids=str)
def test_an_absurd_price_is_left_out(sources, servers, name, value):
    if name == "coinbase":
        servers[name].answer = good(
            name, {"BTC": price_of(name, value), "ETH": good(name)("", {"currency": "ETH"}).says}
        )
    else:
        servers[name].always(price_of(name, value))
    quotes = sources[name].fetch()
    assert "BTC" not in quotes
    assert "ETH" in quotes


@pytest.mark.parametrize("number", ["NaN", "-0", "1e30", "1e999999999", "0.0000000000001", "-5", "9" * 4_400])
def test_an_absurd_number_is_left_out_too(sources, servers, number):
    text = json.dumps(price_of("coingecko", "@")).replace('"@"', number).encode()
    servers["coingecko"].always(text)
    if number == "NaN":
        with pytest.raises(PriceSourceError, match="something else than JSON"):
            sources["coingecko"].fetch()
    else:
        assert "BTC" not in sources["coingecko"].fetch()


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("63210", 63_210),
        ("63210.12345678901234567890123", Fraction("63210.12345678901234567890123")),
        ("0.1", Fraction(1, 10)),
        ("1.2e-05", Fraction(12, 10**6)),
        ("5E2", 500),
        ("1000000000", 10**9),
    ],
)
def test_numbers_are_read_exactly(text, exact):
    assert reading.price(reading.parse(f'{{"usd":{text}}}'.encode())["usd"]) == exact


@pytest.mark.parametrize(
    ("bid", "ask", "middle"),
    [
        ("100", "100", 100),
        ("100", "101", Fraction("100.5")),
        ("100", "102", 101),
        ("100", "102.01", None),  # a market as thin as this says nothing
        ("101", "100", None),
        ("0.00000000", "100", None),  # nobody buys: trading is halted
        ("100", "0.00000000", None),
        ("100", None, None),
    ],
)
def test_only_a_market_with_two_near_sides_has_a_middle(bid, ask, middle):
    assert reading.middle(bid, ask) == middle


@pytest.mark.parametrize("at", [None, True, "soon", "-1", "0", 12, 17_899_999_700, "1789999970", [1]])
def test_coingecko_must_say_when_in_seconds(sources, servers, at):
    rows = good("coingecko")("", {}).says
    rows["tether"]["last_updated_at"] = at
    servers["coingecko"].always(rows)
    quotes = sources["coingecko"].fetch()
    assert ("USDT" in quotes) == (at == "1789999970")


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("body", NO_PRICES, ids=lambda body: str(body[:30]))
def test_an_answer_without_prices_is_an_error(sources, servers, name, body):
    servers[name].always(body)
    with pytest.raises(PriceSourceError, match="answered"):
        sources[name].fetch()


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 451, 500, 502, 503])
def test_any_other_status_is_an_error_and_no_redirect_is_followed(sources, servers, name, status):
    servers[name].always(b"{}" if status != 304 else b"", status, Location=servers["kraken"].url + "/elsewhere")
    with pytest.raises(PriceSourceError, match=f"status {status}"):
        sources[name].fetch()
    assert not any(path == "/elsewhere" for path, _ in servers["kraken"].asked)


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        (["EQuery:Unknown asset pair"], "EQuery:Unknown asset pair"),
        (["EService:Unavailable"], "EService:Unavailable"),
        (["WGeneral:Odd", "EGeneral:Internal error"], "EGeneral:Internal error"),
        ([None], "an error"),
        (["E" * 5_000 + "\n"], "E{50,100}'$"),
        ("EService:Busy", "without a list of errors"),
        (None, "without a list of errors"),
    ],
)
def test_kraken_errors_come_with_status_200(sources, servers, errors, says):
    servers["kraken"].always({**good("kraken")("", {}).says, "error": errors})
    with pytest.raises(PriceSourceError, match=says):
        sources["kraken"].fetch()


def test_one_pair_that_binance_does_not_know_is_an_error_for_all(sources, servers):
    servers["binance"].always({"code": -1121, "msg": "Invalid symbol."}, 400)
    with pytest.raises(PriceSourceError, match="status 400"):
        sources["binance"].fetch()


def test_coinbase_must_answer_what_was_asked(sources, servers):
    servers["coinbase"].always(good("coinbase")("", {"currency": "ETH"}).says)
    assert set(sources["coinbase"].fetch()) == {"ETH"}
