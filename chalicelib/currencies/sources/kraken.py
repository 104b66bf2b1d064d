"""Prices from Kraken: the middle of its dollar markets, fiats included, in one request.

Kraken answers 200 with a list of errors, and names pairs otherwise than they were asked for. One pair that it does
not know is an error for all of them. https://docs.kraken.com/api/docs/rest-api/get-ticker-information
"""

from fractions import Fraction
from typing import Any

from chalicelib.clock import Clock
from chalicelib.currencies.prices import PriceSourceError, Quote
from chalicelib.currencies.sources import reading
from chalicelib.currencies.sources.site import FETCH_SECONDS, Site

BASE_URL = "https://api.kraken.com"
PAIRS = {  # as it is asked for, and as it is answered
    "BTC": ("XBTUSD", "XXBTZUSD"),
    "LTC": ("LTCUSD", "XLTCZUSD"),
    "ETH": ("ETHUSD", "XETHZUSD"),
    "TRX": ("TRXUSD", "TRXUSD"),
    "USDT": ("USDTUSD", "USDTZUSD"),
    "USDC": ("USDCUSD", "USDCUSD"),
    "DAI": ("DAIUSD", "DAIUSD"),
    "BNB": ("BNBUSD", "BNBUSD"),
    "POL": ("POLUSD", "POLUSD"),
    "EUR": ("EURUSD", "ZEURZUSD"),
    "GBP": ("GBPUSD", "ZGBPZUSD"),
}
_TOO_MUCH = ("EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EService:Throttled", "EService: Throttled")
_LONGEST_TOLD = 100


class Kraken:
    """Kraken's public price server.

    Args:
        clock: dates the quotes, as Kraken does not.
        base_url: another server, for tests.
        fetch_seconds: how long a fetch may take.
    """

    name = "kraken"

    def __init__(self, clock: Clock, base_url: str = BASE_URL, fetch_seconds: float = FETCH_SECONDS) -> None:
        self._clock = clock
        self._site = Site(self.name, base_url, clock, fetch_seconds=fetch_seconds)

    def fetch(self) -> dict[str, Quote]:
        """Return a quote for each coin and fiat that has a market with two sides, dated when it was asked.

        Raises:
            PriceSourceWaitsError: it asks to be left alone.
            PriceSourceError: it did not answer, or not with prices.
        """
        at = self._clock.now()
        pairs = ",".join(asked for asked, _ in PAIRS.values())
        answer = self._site.get("/0/public/Ticker", {"pair": pairs}, self._site.deadline())
        self._refuse(reading.part(answer).get("error"))
        tickers = reading.part(answer, "result")
        prices = {symbol: _middle(tickers.get(key, tickers.get(asked))) for symbol, (asked, key) in PAIRS.items()}
        quotes = {symbol: Quote(usd, at) for symbol, usd in prices.items() if usd is not None}
        if not quotes:
            raise PriceSourceError("answered without any price")
        return quotes

    def _refuse(self, told: Any) -> None:
        """Raise what Kraken calls an error (``E…``); it may warn (``W…``) beside good prices."""
        if not isinstance(told, list):
            raise PriceSourceError("answered without a list of errors")
        errors = [str(each) for each in told if not str(each).startswith("W")]
        if any(error.startswith(_TOO_MUCH) for error in errors):
            raise self._site.told_to_wait()
        if errors:
            raise PriceSourceError(f"answered with an error: {', '.join(errors)[:_LONGEST_TOLD]!r}")


def _middle(ticker: Any) -> Fraction | None:
    """Return the middle of best bid (``b``) and best ask (``a``), each a list that begins with the price.

    The last trade (``c``) may be hours old on a quiet market; the book is of this moment.
    """
    if not isinstance(ticker, dict):
        return None
    return reading.middle(_first(ticker.get("b")), _first(ticker.get("a")))


def _first(side: Any) -> Any:
    return side[0] if isinstance(side, list) and side else None
