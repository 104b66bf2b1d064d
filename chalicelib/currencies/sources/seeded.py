"""Prices without a network: the same seed gives the same prices, on any machine, at any time.

They serve local runs and tests behind the same interface as the public sources, so freshness, agreement and
pausing work on them in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256

from chalicelib.clock import Clock
from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.currencies.prices import PriceSourceError, Quote

_STEPS = 500
_STEP = Fraction(1, 10_000)


@dataclass(frozen=True, slots=True)
class PriceControls:
    """What someone at the controls has changed about the local prices.

    Attributes:
        usd_prices: US dollars for one whole coin, by symbol, in place of the seeded price.
        silent_sources: names of sources that do not answer.
        are_all_silent: no source answers.
    """

    usd_prices: Mapping[str, Fraction] = field(default_factory=dict)
    silent_sources: frozenset[str] = frozenset()
    are_all_silent: bool = False


class SeededPrices:
    """A price source that computes its prices: constant over time, always fresh by the clock it is given.

    Stablecoins and the dollar are exactly 1, the euro and the pound fixed; other tokens lie within 5 % of the
    catalogue's reference, where exactly is the seed's choice. Two sources of one seed agree, whatever their names.

    Args:
        name: what the source is called.
        seed: chooses the prices.
        clock: dates the quotes.
        overrides: asked at every fetch, so that a price can be moved or a source silenced while running.
    """

    def __init__(
        self, name: str, seed: int | str, clock: Clock, overrides: Callable[[], PriceControls] = PriceControls
    ) -> None:
        self.name = name
        self._clock = clock
        self._overrides = overrides
        self._usd_prices = _seeded(str(seed))

    def fetch(self) -> dict[str, Quote]:
        """Return a quote for every token and fiat of the catalogue, dated now.

        Raises:
            PriceSourceError: the controls have silenced this source.
        """
        controls = self._overrides()
        if controls.are_all_silent or self.name in controls.silent_sources:
            raise PriceSourceError(f"the price source {self.name} is silent")
        at = self._clock.now()
        return {symbol: Quote(usd, at) for symbol, usd in {**self._usd_prices, **controls.usd_prices}.items()}


def _seeded(seed: str) -> dict[str, Fraction]:
    catalogue = load_catalogue()
    fiats = {fiat.code: fiat.reference_usd for fiat in catalogue.fiats()}
    stable = {token.symbol: Fraction(1) for token in catalogue.tokens() if token.is_stable}
    moving = {
        token.symbol: token.reference_usd * (1 + _offset(seed, token.symbol))
        for token in catalogue.tokens()
        if not token.is_stable
    }
    return {**fiats, **stable, **moving}


def _offset(seed: str, symbol: str) -> Fraction:
    """Return by how much the seed moves a price: between -5 % and +5 %, in steps of 0.01 %."""
    drawn = int.from_bytes(sha256(f"{seed}:{symbol}".encode()).digest()[:8])
    return (drawn % (2 * _STEPS + 1) - _STEPS) * _STEP
