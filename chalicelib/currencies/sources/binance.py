"""Prices from Binance: the middle of its markets, which are in USDT and not in dollars.

One request serves all pairs; one pair that it does not know is an error for all of them. Asked is the host for
public market data alone, which serves regions that the exchange itself turns away (451).
https://developers.binance.com/docs/binance-spot-api-docs/faqs/market_data_only
"""

import json
from fractions import Fraction
from typing import Any

from chalicelib.clock import Clock
from chalicelib.currencies.prices import CrossQuote, PriceSourceError
from chalicelib.currencies.sources import reading
from chalicelib.currencies.sources.site import FETCH_SECONDS, Site

BASE_URL = "https://data-api.binance.vision"
UNIT = "USDT"
SYMBOLS = ("BTC", "LTC", "ETH", "TRX", "USDC", "BNB", "POL")


class Binance:
    """Binance's public price server.

    Args:
        clock: dates the quotes, as Binance does not.
        base_url: another server, for tests.
        fetch_seconds: how long a fetch may take.
    """

    name = "binance"

    def __init__(self, clock: Clock, base_url: str = BASE_URL, fetch_seconds: float = FETCH_SECONDS) -> None:
        self._clock = clock
        self._site = Site(self.name, base_url, clock, fetch_seconds=fetch_seconds)

    def fetch(self) -> dict[str, CrossQuote]:
        """Return a quote in USDT for each coin that has a market with two sides, dated when it was asked.

        Raises:
            PriceSourceWaitsError: it asks to be left alone, or has banned us for a while.
            PriceSourceError: it did not answer, or not with prices.
        """
        at = self._clock.now()
        pairs = json.dumps([symbol + UNIT for symbol in SYMBOLS], separators=(",", ":"))
        rows = self._site.get("/api/v3/ticker/bookTicker", {"symbols": pairs}, self._site.deadline())
        if not isinstance(rows, list):
            raise PriceSourceError("answered without a list of tickers")
        books = {str(row.get("symbol")): row for row in rows if isinstance(row, dict)}
        prices = {symbol: _middle(books.get(symbol + UNIT)) for symbol in SYMBOLS}
        quotes = {symbol: CrossQuote(price, UNIT, at) for symbol, price in prices.items() if price is not None}
        if not quotes:
            raise PriceSourceError("answered without any price")
        return quotes


def _middle(book: Any) -> Fraction | None:
    return reading.middle(book.get("bidPrice"), book.get("askPrice")) if book else None
