"""Prices: what sources quote, how several sources become one price, and when a price may no longer be used.

Prices are exact fractions of US dollars per whole coin. A price that is missing, old or doubtful is refused;
nobody is ever quoted an old price in silence.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from chalicelib.currencies.catalogue import load_catalogue

SOURCE_MAX_AGE_SECONDS = 120
PRICE_MAX_AGE_SECONDS = 300
MIN_AGREEING_SOURCES = 2
AGREEMENT = Fraction(102, 100)
STABLE_MIN_USD = Fraction(98, 100)
STABLE_MAX_USD = Fraction(102, 100)
_DOLLAR = "USD"


class PriceSourceError(Exception):
    """A price source did not answer, or answered nonsense; the other sources may still serve."""


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


class PriceSource(Protocol):
    """Somewhere prices come from."""

    @property
    def name(self) -> str:
        """What logs and alarms call it."""
        ...

    def fetch(self) -> dict[str, Quote]:
        """Return its quotes by symbol (``BTC``, ``USDT``, ``EUR``); what it does not know is left out.

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


def combine(quotes_by_source: Mapping[str, Mapping[str, Quote]], now: float) -> PriceBoard:
    """Make one board of what several sources say.

    A price needs at least two sources, each at most 120 s old, within 2 % of one of them; it is the median of
    those that agree. Outliers are dropped. Where two different groups are equally large, nobody can say which is
    right, and the symbol is left out, as is one with too few sources.

    Args:
        quotes_by_source: the quotes of each source that answered, by its name.
        now: the current time in Unix seconds.
    """
    fresh: dict[str, list[Quote]] = {}
    for quotes in quotes_by_source.values():
        for symbol, quote in quotes.items():
            if quote.usd > 0 and abs(now - quote.at) <= SOURCE_MAX_AGE_SECONDS:
                fresh.setdefault(symbol, []).append(quote)
    agreed = {symbol: _agreed(quotes) for symbol, quotes in fresh.items()}
    return PriceBoard({symbol: quote for symbol, quote in sorted(agreed.items()) if quote is not None})


def _agreed(quotes: list[Quote]) -> Quote | None:
    """Return the median of the largest group of quotes that agree, or nothing when there is no such group."""
    groups = [tuple(other for other in quotes if _agree(quote.usd, other.usd)) for quote in quotes]
    largest = max(map(len, groups))
    candidates = {group for group in groups if len(group) == largest}
    if largest < MIN_AGREEING_SOURCES or len(candidates) > 1:
        return None
    group = candidates.pop()
    return Quote(usd=_median([quote.usd for quote in group]), at=min(quote.at for quote in group))


def _agree(one: Fraction, other: Fraction) -> bool:
    return max(one, other) <= min(one, other) * AGREEMENT


def _median(prices: list[Fraction]) -> Fraction:
    """Return the middle price, or the mean of the middle two (``statistics`` takes 4 ms to import)."""
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-middle - 1]) / 2
