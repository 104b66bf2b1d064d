"""Prices from CoinGecko: an average over many markets, with its own time for each.

One request serves everything. Ids are CoinGecko's own, not symbols; an id that it does not know is simply absent.
https://docs.coingecko.com/v3.0.1/reference/simple-price
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.clock import Clock
from chalicelib.config import ConfigurationError
from chalicelib.currencies.prices import PriceSourceError, Quote
from chalicelib.currencies.sources import reading
from chalicelib.currencies.sources.site import FETCH_SECONDS, Site

BASE_URL = "https://api.coingecko.com"
IDS = {
    "BTC": "bitcoin",
    "LTC": "litecoin",
    "ETH": "ethereum",
    "TRX": "tron",
    "USDT": "tether",
    "USDC": "usd-coin",
    "DAI": "dai",
    "BNB": "binancecoin",
    "POL": "polygon-ecosystem-token",
}
FIATS = ("EUR", "GBP")
_BRIDGE = IDS["BTC"]
# A free key buys 10,000 requests a month: one each 270 s is 9,920 in a month of 31 days.
PACE_WITH_KEY_SECONDS = 270.0
_KEY = re.compile(r"[A-Za-z0-9_-]{8,100}")


class CoinGecko:
    """CoinGecko's public price server.

    Fiats come out of Bitcoin's price in dollars and in that fiat. With a (free) key, what was said last is said
    again until the pace allows another request; whether it is still fresh is judged where it is used.

    Args:
        clock: paces the requests.
        api_key: of a demo plan, or None.
        base_url: another server, for tests.
        fetch_seconds: how long a fetch may take.

    Raises:
        ConfigurationError: that cannot be a key; the message does not repeat it.
    """

    name = "coingecko"

    def __init__(
        self,
        clock: Clock,
        api_key: str | None = None,
        base_url: str = BASE_URL,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        if api_key is not None and not _KEY.fullmatch(api_key):
            raise ConfigurationError("COINGECKO_API_KEY cannot be a key: 8 to 100 letters, digits, - and _")
        self._clock = clock
        headers = {"x-cg-demo-api-key": api_key} if api_key else {}
        self._site = Site(self.name, base_url, clock, headers, fetch_seconds)
        self._pace_seconds = PACE_WITH_KEY_SECONDS if api_key else 0.0
        self._asked_at: float | None = None
        self._said: dict[str, Quote] = {}

    def fetch(self) -> dict[str, Quote]:
        """Return a quote for each coin and fiat that it knows, dated by CoinGecko.

        Raises:
            PriceSourceWaitsError: it asks to be left alone.
            PriceSourceError: it did not answer, or not with prices.
        """
        now = self._clock.now()
        if self._asked_at is not None and 0 <= now - self._asked_at < self._pace_seconds:
            return self._said
        self._asked_at = now  # a request that fails counts against the key's number too
        quotes = _quotes(reading.part(self._site.get("/api/v3/simple/price", _query(), self._site.deadline())))
        if not quotes:
            raise PriceSourceError("answered without any price")
        self._said = quotes
        return quotes


def _query() -> dict[str, str]:
    return {
        "ids": ",".join(IDS.values()),
        "vs_currencies": ",".join(["usd", *(fiat.lower() for fiat in FIATS)]),
        "include_last_updated_at": "true",
        "precision": "full",
    }


def _quotes(rows: Mapping[str, Any]) -> dict[str, Quote]:
    said = {symbol: _quote(rows.get(coin)) for symbol, coin in IDS.items()}
    said |= {fiat: _fiat_quote(rows.get(_BRIDGE), fiat) for fiat in FIATS}
    return {symbol: quote for symbol, quote in said.items() if quote is not None}


def _quote(row: Any) -> Quote | None:
    if not isinstance(row, dict):
        return None
    usd, at = reading.price(row.get("usd")), reading.unix_seconds(row.get("last_updated_at"))
    return None if usd is None or at is None else Quote(usd, at)


def _fiat_quote(row: Any, fiat: str) -> Quote | None:
    """Return what one unit of a fiat is worth: a bitcoin's dollars over its units of that fiat."""
    coin = _quote(row)
    fiat_price = reading.price(row.get(fiat.lower())) if coin else None
    return Quote(coin.usd / fiat_price, coin.at) if coin and fiat_price else None
