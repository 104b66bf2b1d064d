"""Prices: what sources quote, the board of prices in force, and when a price may no longer be used.

Prices are exact fractions of US dollars per whole coin. A price that is missing, old or doubtful is refused;
nobody is ever quoted an old price in silence.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from chalicelib.currencies.catalogue import load_catalogue

PRICE_MAX_AGE_SECONDS = 300
STABLE_MIN_USD = Fraction(98, 100)
STABLE_MAX_USD = Fraction(102, 100)
_DOLLAR = "USD"


class PriceSourceError(Exception):
    """A price source did not answer, or answered nonsense; the other sources may still serve."""


class PriceSourceWaitsError(PriceSourceError):
    """A price source was told to ask less, and says nothing until it may ask again; it has logged that itself."""


class RatesUnavailableError(ValueError):
    """There is no price fresh and sure enough to quote from; the caller should try again shortly."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One price.

    Attributes:
        usd: US dollars for one whole coin, exact.
        at: when it was the price, in Unix seconds.
    """

    usd: Fraction
    at: float


@dataclass(frozen=True, slots=True)
class CrossQuote:
    """One price in something that is not quite the dollar; ``agreement.combine`` turns it into dollars.

    Attributes:
        price: how many whole ``unit`` one whole coin is worth, exact.
        unit: the symbol of what it is quoted in, such as ``USDT``.
        at: when it was the price, in Unix seconds.
    """

    price: Fraction
    unit: str
    at: float


Quotes = Mapping[str, Quote | CrossQuote]
"""What a source says, by symbol."""


class PriceSource(Protocol):
    """Somewhere prices come from."""

    @property
    def name(self) -> str:
        """What logs and alarms call it."""
        ...

    def fetch(self) -> Quotes:
        """Return its quotes by symbol (``BTC``, ``USDT``, ``EUR``); what it does not know is left out.

        A quote is dated by the source, or else with the time at which it was asked.

        Raises:
            PriceSourceError: it did not answer, or answered nonsense.
        """
        ...


@dataclass(frozen=True, slots=True)
class PriceBoard:
    """The prices in force, by symbol.

    Attributes:
        prices: one quote for each symbol that enough sources agreed on; its time is the oldest quote's in it.
    """

    prices: Mapping[str, Quote]

    @property
    def paused_symbols(self) -> frozenset[str]:
        """Stablecoins that are not worth a dollar just now: nothing may be promised in them."""
        stable = load_catalogue().stable_symbols()
        return frozenset(
            symbol
            for symbol, quote in self.prices.items()
            if symbol in stable and not STABLE_MIN_USD <= quote.usd <= STABLE_MAX_USD
        )

    def rate(
        self,
        from_code: str,
        to_code: str,
        now: float,
        max_age_seconds: float = PRICE_MAX_AGE_SECONDS,
        *,
        is_fixed: bool = True,
    ) -> Fraction:
        """Return how many whole ``to_code`` one whole ``from_code`` is worth, exact.

        The same token on two chains is worth the same, and needs no price.

        Args:
            from_code: a currency's or fiat's code, any case.
            to_code: likewise.
            now: the current time in Unix seconds.
            max_age_seconds: how old a price may be; one from as far in the future is refused too.
            is_fixed: the rate will be promised for a while, so a stablecoin off its peg is refused. False for
                valuing what has arrived, at whatever the price is.

        Raises:
            RatesUnavailableError: a price that is needed is missing, stale or paused.
            UnknownCurrencyError: there is no currency or fiat with such a code.
        """
        catalogue = load_catalogue()
        from_symbol = catalogue.by_code_or_fiat(from_code).price_symbol
        to_symbol = catalogue.by_code_or_fiat(to_code).price_symbol
        return self.symbol_rate(from_symbol, to_symbol, now, max_age_seconds, is_fixed=is_fixed)

    def symbol_rate(
        self,
        from_symbol: str,
        to_symbol: str,
        now: float,
        max_age_seconds: float = PRICE_MAX_AGE_SECONDS,
        *,
        is_fixed: bool = True,
    ) -> Fraction:
        """Return the rate between two symbols of the board, as ``rate`` does between codes.

        It also serves coins that are no currency of ours, such as the ``BNB`` that a chain's fees are paid in.

        Raises:
            RatesUnavailableError: a price that is needed is missing, stale or paused.
        """
        if from_symbol == to_symbol:
            return Fraction(1)
        if is_fixed:
            self._refuse_paused(from_symbol, to_symbol)
        return self._usd(from_symbol, now, max_age_seconds) / self._usd(to_symbol, now, max_age_seconds)

    def to_json(self) -> str:
        """Write the board so that ``from_json`` gives exactly the same prices."""
        return json.dumps({symbol: [str(quote.usd), quote.at] for symbol, quote in self.prices.items()})

    @classmethod
    def from_json(cls, text: str) -> "PriceBoard":
        """Read what ``to_json`` wrote.

        Raises:
            RatesUnavailableError: the text is no price board, so there are no prices.
        """
        try:
            rows = json.loads(text).items()
            return cls({symbol: Quote(Fraction(usd), float(at)) for symbol, (usd, at) in rows})
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            raise RatesUnavailableError("The stored prices cannot be read.") from error

    def _usd(self, symbol: str, now: float, max_age_seconds: float) -> Fraction:
        """Return a price in US dollars; the dollar is the measure, so it needs none."""
        if symbol == _DOLLAR:
            return Fraction(1)
        quote = self.prices.get(symbol)
        if quote is None or quote.usd <= 0:
            raise RatesUnavailableError(f"There is no price for {symbol} at the moment: try again shortly.")
        if not abs(now - quote.at) <= max_age_seconds:
            raise RatesUnavailableError(f"The last price for {symbol} is too old: try again shortly.")
        return quote.usd

    def _refuse_paused(self, *symbols: str) -> None:
        paused = self.paused_symbols.intersection(symbols)
        if paused:
            raise RatesUnavailableError(
                f"{', '.join(sorted(paused))} is not worth one dollar at the moment, so no rate is promised in it."
            )
