"""The price sources by their names: chosen by the settings, loaded when they are first asked.

Only the schedule asks them, so no request pays for loading them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from chalicelib.clock import Clock
from chalicelib.config import ConfigurationError, Settings

if TYPE_CHECKING:
    from chalicelib.currencies.prices import PriceSource


class NamedSources(Sequence["PriceSource"]):
    """The sources that ``PRICE_SOURCES`` names, in its order.

    Args:
        settings: the frozen settings.
        clock: what the sources date their quotes by.

    Raises:
        ConfigurationError: a name is unknown, or stands there twice, or only the sandbox may use it.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        for name in settings.price_sources:
            _check(name, settings)
        self._settings = settings
        self._clock = clock

    @overload
    def __getitem__(self, index: int) -> "PriceSource": ...

    @overload
    def __getitem__(self, index: slice) -> Sequence["PriceSource"]: ...

    def __getitem__(self, index: int | slice) -> "PriceSource | Sequence[PriceSource]":
        return self._made[index]

    def __iter__(self) -> Iterator["PriceSource"]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._settings.price_sources)

    @cached_property
    def _made(self) -> "tuple[PriceSource, ...]":
        return tuple(_make(name, self._settings, self._clock) for name in self._settings.price_sources)


def _check(name: str, settings: Settings) -> None:
    kind = name.partition(":")[0]
    if name not in _PUBLIC and kind != _SEEDED:
        raise ConfigurationError(f"PRICE_SOURCES names {name}; known are: {', '.join(_PUBLIC)}, {_SEEDED}:<label>")
    if settings.price_sources.count(name) > 1:
        raise ConfigurationError(f"PRICE_SOURCES names {name} more than once; agreeing with itself proves nothing")
    if kind == _SEEDED and settings.sandbox_seed is None:
        raise ConfigurationError("seeded prices need SANDBOX_SEED, which a deployed stage must not have")


def _make(name: str, settings: Settings, clock: Clock) -> "PriceSource":
    return _PUBLIC.get(name, _seeded)(name, settings, clock)


def _seeded(name: str, settings: Settings, clock: Clock) -> "PriceSource":
    from chalicelib.currencies.sources.seeded import SeededPrices  # noqa: PLC0415 -- loaded when chosen

    kind, _, label = name.partition(":")
    assert settings.sandbox_seed is not None, "checked with the name"
    return SeededPrices(label or kind, settings.sandbox_seed, clock)


def _coingecko(_name: str, settings: Settings, clock: Clock) -> "PriceSource":
    from chalicelib.currencies.sources.coingecko import CoinGecko  # noqa: PLC0415 -- loaded when chosen

    return CoinGecko(clock, settings.coingecko_api_key)


def _kraken(_name: str, _settings: Settings, clock: Clock) -> "PriceSource":
    from chalicelib.currencies.sources.kraken import Kraken  # noqa: PLC0415 -- loaded when chosen

    return Kraken(clock)


def _binance(_name: str, _settings: Settings, clock: Clock) -> "PriceSource":
    from chalicelib.currencies.sources.binance import Binance  # noqa: PLC0415 -- loaded when chosen

    return Binance(clock)


def _coinbase(_name: str, _settings: Settings, clock: Clock) -> "PriceSource":
    from chalicelib.currencies.sources.coinbase import Coinbase  # noqa: PLC0415 -- loaded when chosen

    return Coinbase(clock)


_SEEDED = "seeded"
_PUBLIC: dict[str, Callable[[str, Settings, Clock], "PriceSource"]] = {
    "coingecko": _coingecko,
    "kraken": _kraken,
    "binance": _binance,
    "coinbase": _coinbase,
}
