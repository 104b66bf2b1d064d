from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.currencies.catalogue import UnknownCurrencyError, load_catalogue
from chalicelib.currencies.prices import PriceBoard, Quote, RatesUnavailableError

NOW = 1_788_263_940.25
CODES = [currency.code for currency in load_catalogue().all()] + ["USD", "EUR", "GBP"]
usd_prices = st.fractions(min_value=Fraction(1, 10**9), max_value=10**9)
times = st.floats(min_value=0, max_value=4e9, allow_nan=False)


def board(at=NOW, **prices):
    defaults = {"BTC": 64_000, "ETH": 3_200, "LTC": 80, "TRX": "0.25", "USDT": 1, "USDC": 1, "DAI": 1}
    fiats = {"EUR": "1.08", "GBP": "1.27"}
    return PriceBoard({s: Quote(Fraction(usd), at) for s, usd in {**defaults, **fiats, **prices}.items()})


def test_rates_are_exact():
    assert board().rate("USD", "BTC", NOW) == Fraction(1, 64_000)
    assert board().rate("btc", "usd", NOW) == 64_000
    assert board().rate("EUR", "TRX", NOW) == Fraction("4.32")
    assert board().rate("ETH", "BTC", NOW) == Fraction(1, 20)
    assert board(BTC="63210.123456789").rate("BTC", "EUR", NOW) == Fraction("63210.123456789") / Fraction("1.08")


@given(from_code=st.sampled_from(CODES), to_code=st.sampled_from(CODES), via=st.sampled_from(CODES))
def test_rates_there_and_back_and_around_make_one(from_code, to_code, via):
    prices = board()
    there = prices.rate(from_code, to_code, NOW)
    assert there * prices.rate(to_code, from_code, NOW) == 1
    assert prices.rate(from_code, via, NOW) * prices.rate(via, to_code, NOW) == there


@pytest.mark.parametrize(
    ("from_code", "to_code"),
    [
        ("USDTTRC20", "USDTTRC20"),
        ("USDTTRC20", "usdterc20"),
        ("USDTBSC", "USDTARB"),
        ("USD", "USD"),
        ("EUR", "eur"),
    ],
)
def test_the_same_token_is_worth_the_same_without_any_price(from_code, to_code):
    assert PriceBoard({}).rate(from_code, to_code, NOW) == 1


@pytest.mark.parametrize(
    ("from_code", "to_code"), [("BTC", "USD"), ("USD", "BTC"), ("USD", "EUR"), ("USDTBSC", "USD")]
)
def test_without_a_price_there_is_no_rate(from_code, to_code):
    with pytest.raises(RatesUnavailableError, match="There is no price for"):
        PriceBoard({}).rate(from_code, to_code, NOW)


def test_a_price_of_nothing_is_no_price():
    with pytest.raises(RatesUnavailableError, match="no price for BTC"):
        board(BTC=0).rate("USD", "BTC", NOW)


@pytest.mark.parametrize("later", [300.25, 10**9, -300.25])
def test_a_stale_price_is_refused(later):
    with pytest.raises(RatesUnavailableError, match="The last price for BTC is too old"):
        board().rate("USD", "BTC", NOW + later)


def test_a_price_serves_for_five_minutes_or_as_long_as_is_asked():
    assert board().rate("USD", "BTC", NOW + 300) == Fraction(1, 64_000)
    assert board().rate("USD", "BTC", NOW + 900, max_age_seconds=900) == Fraction(1, 64_000)
    with pytest.raises(RatesUnavailableError):
        board().rate("USD", "BTC", NOW + 60, max_age_seconds=59)


def test_one_stale_price_of_two_is_enough_to_refuse():
    mixed = PriceBoard({**board().prices, "ETH": Quote(Fraction(3_200), NOW - 400)})
    for pair in (("BTC", "ETH"), ("ETH", "BTC")):
        with pytest.raises(RatesUnavailableError, match="ETH"):
            mixed.rate(*pair, NOW)


@pytest.mark.parametrize("usd", ["0.9799", "1.0201", "0.5"])
def test_a_stablecoin_off_its_peg_is_promised_to_nobody_but_still_valued(usd):
    off = board(USDT=usd)
    assert off.paused_symbols == {"USDT"}
    for pair in (("USD", "USDTTRC20"), ("USDTBSC", "BTC")):
        with pytest.raises(RatesUnavailableError, match="USDT is not worth one dollar"):
            off.rate(*pair, NOW)
    assert off.rate("USDTTRC20", "USD", NOW, is_fixed=False) == Fraction(usd)
    assert off.rate("USD", "USDCERC20", NOW) == 1
    assert off.rate("USDTBSC", "USDTARB", NOW) == 1


@pytest.mark.parametrize("usd", ["0.98", "1", "1.02"])
def test_a_stablecoin_near_its_peg_is_quoted_at_its_price(usd):
    assert board(USDT=usd).paused_symbols == frozenset()
    assert board(USDT=usd).rate("USDTTRC20", "USD", NOW) == Fraction(usd)


def test_other_tokens_are_never_paused():
    assert board(BTC="0.5").paused_symbols == frozenset()


def test_a_gas_coin_has_a_rate_by_its_symbol_alone():
    prices = board(BNB=600, USDT="0.5")
    assert prices.symbol_rate("BNB", "TRX", NOW) == 2_400
    assert prices.symbol_rate("BNB", "BNB", NOW) == 1
    assert prices.symbol_rate("BNB", "USDT", NOW, is_fixed=False) == 1_200
    for problem in ({"now": NOW + 301}, {"to_symbol": "USDT"}, {"to_symbol": "POL"}):
        with pytest.raises(RatesUnavailableError):
            prices.symbol_rate(**{"from_symbol": "BNB", "to_symbol": "TRX", "now": NOW, **problem})
    with pytest.raises(UnknownCurrencyError):
        prices.rate("BNB", "USD", NOW)


def test_an_unknown_code_has_no_rate():
    with pytest.raises(UnknownCurrencyError):
        board().rate("USD", "XYZ", NOW)


@given(st.dictionaries(st.sampled_from(["BTC", "USDT", "EUR", "ETH"]), st.builds(Quote, usd_prices, times)))
def test_a_board_is_stored_and_read_back_exactly(prices):
    stored = PriceBoard(prices).to_json()
    assert PriceBoard.from_json(stored) == PriceBoard(prices)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "{", '{"BTC": 1}', '{"BTC": ["x", 1]}', '{"BTC": ["1/0", 1]}', '{"BTC": ["1"]}'),
        *('{"BTC": ["1", null]}', '{"BTC": [Infinity, 1]}'),
    ],
)
def test_a_board_that_cannot_be_read_gives_no_rates(text):
    with pytest.raises(RatesUnavailableError, match="cannot be read"):
        PriceBoard.from_json(text)
