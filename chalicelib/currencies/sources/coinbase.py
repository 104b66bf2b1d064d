"""Prices from Coinbase: one request for each coin or fiat, a few at a time, all within one deadline.

USDC is left out: Coinbase exchanges it for dollars one to one, so its price says nothing of what others give.
https://docs.cdp.coinbase.com/coinbase-app/track-apis/exchange-rates
"""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

from chalicelib.clock import Clock
from chalicelib.currencies.prices import PriceSourceError, Quote
from chalicelib.currencies.sources import reading
from chalicelib.currencies.sources.site import FETCH_SECONDS, Site

BASE_URL = "https://api.coinbase.com"
SYMBOLS = ("USDT", "EUR", "GBP", "BTC", "ETH", "TRX", "LTC", "DAI", "BNB", "POL")
AT_A_TIME = 3


class Coinbase:
    """Coinbase's public price server.

    Args:
        clock: dates the quotes, as Coinbase does not.
        base_url: another server, for tests.
        fetch_seconds: how long a fetch may take.
    """

    name = "coinbase"

    def __init__(self, clock: Clock, base_url: str = BASE_URL, fetch_seconds: float = FETCH_SECONDS) -> None:
        self._clock = clock
        self._site = Site(self.name, base_url, clock, fetch_seconds=fetch_seconds)

    def fetch(self) -> dict[str, Quote]:
        """Return a quote for each coin and fiat that was answered in time, dated when the first was asked for.

        Raises:
            PriceSourceWaitsError: it asks to be left alone, and said nothing before.
            PriceSourceError: it answered none of the questions with a price.
        """
        at, until = self._clock.now(), self._site.deadline()
        with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="coinbase") as threads:
            said = list(threads.map(lambda symbol: self._usd(symbol, until), SYMBOLS))
        quotes = {
            symbol: Quote(usd, at) for symbol, usd in zip(SYMBOLS, said, strict=True) if isinstance(usd, Fraction)
        }
        if not quotes:
            raise next(problem for problem in said if isinstance(problem, PriceSourceError))
        return quotes

    def _usd(self, symbol: str, until: float) -> Fraction | PriceSourceError:
        """Return the dollars that one coin is worth, or why that is not known."""
        try:
            data = reading.part(self._site.get("/v2/exchange-rates", {"currency": symbol}, until), "data")
            usd = reading.price(reading.part(data, "rates").get("USD"))
        except PriceSourceError as error:
            return error
        if usd is None or data.get("currency") != symbol:
            return PriceSourceError(f"answered without a price for {symbol}")
        return usd
