"""How several sources become one price: the median of those that agree, and no price where nobody can say."""

from collections.abc import Mapping
from fractions import Fraction

from chalicelib.currencies.prices import CrossQuote, PriceBoard, Quote, Quotes

SOURCE_MAX_AGE_SECONDS = 120
MIN_AGREEING_SOURCES = 2
AGREEMENT = Fraction(102, 100)


def combine(quotes_by_source: Mapping[str, Quotes], now: float) -> PriceBoard:
    """Make one board of what several sources say.

    A price needs at least two sources, each at most 120 s old, within 2 % of one of them; it is the median of
    those that agree. Outliers are dropped. Where two different groups are equally large, nobody can say which is
    right, and the symbol is left out, as is one with too few sources.

    A quote in another unit counts at the price that the sources with dollar quotes agree on for that unit, and not
    at all while they agree on none.

    Args:
        quotes_by_source: the quotes of each source that answered, by its name.
        now: the current time in Unix seconds.
    """
    units = _agreed_prices(quotes_by_source, {}, now)
    return PriceBoard(_agreed_prices(quotes_by_source, units, now))


def _agreed_prices(
    quotes_by_source: Mapping[str, Quotes], units: Mapping[str, Quote], now: float
) -> dict[str, Quote]:
    fresh: dict[str, list[Quote]] = {}
    for quotes in quotes_by_source.values():
        for symbol, said in quotes.items():
            quote = _in_dollars(said, units)
            if quote is not None and quote.usd > 0 and abs(now - quote.at) <= SOURCE_MAX_AGE_SECONDS:
                fresh.setdefault(symbol, []).append(quote)
    agreed = {symbol: _agreed(quotes, now) for symbol, quotes in fresh.items()}
    return {symbol: quote for symbol, quote in sorted(agreed.items()) if quote is not None}


def _in_dollars(said: Quote | CrossQuote, units: Mapping[str, Quote]) -> Quote | None:
    if isinstance(said, Quote):
        return said
    unit = units.get(said.unit)
    return None if unit is None else Quote(usd=said.price * unit.usd, at=min(said.at, unit.at))


def _agreed(quotes: list[Quote], now: float) -> Quote | None:
    """Return the median of the largest group of quotes that agree, or nothing when there is no such group.

    A source whose clock is ahead cannot keep a price fresh for longer: no price is dated later than now.
    """
    groups = [tuple(other for other in quotes if _agree(quote.usd, other.usd)) for quote in quotes]
    largest = max(map(len, groups))
    candidates = {group for group in groups if len(group) == largest}
    if largest < MIN_AGREEING_SOURCES or len(candidates) > 1:
        return None
    group = candidates.pop()
    return Quote(usd=_median([quote.usd for quote in group]), at=min(now, *(quote.at for quote in group)))


def _agree(one: Fraction, other: Fraction) -> bool:
    return max(one, other) <= min(one, other) * AGREEMENT


def _median(prices: list[Fraction]) -> Fraction:
    """Return the middle price, or the mean of the middle two (``statistics`` takes 4 ms to import)."""
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-middle - 1]) / 2
