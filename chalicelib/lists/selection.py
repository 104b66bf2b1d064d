"""Which rows a page has, decided in pure data: parts of a list are counted, and opened only where need be.

A part is a node, a leaf or a row. What lies wholly inside the bounds of a question counts as its counts say; what
a bound cuts through counts between nothing and that, until it is opened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

FIRST, LAST = "", "\uffff"  # before all keys, behind all keys
OPENED_AT_ONCE = 60  # parts opened on suspicion; past that, only what a bound cuts through is opened first


class Kind(Enum):
    """What a part is."""

    NODE = "node"
    LEAF = "leaf"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Part:
    """A run of sealed rows in the order of their keys, or a single one that matches.

    Attributes:
        kind: what it is.
        number: of the node or leaf.
        first: its first key.
        end: a key behind all of its own, and not behind the next part's.
        count: how many of its rows match.
        version: of the block that holds what is in it.
    """

    kind: Kind
    number: int
    first: str
    end: str
    count: int
    version: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Keys from ``low`` on, below ``high``."""

    low: str = FIRST
    high: str = LAST

    def has(self, row: str) -> bool:
        """Say whether a key lies inside."""
        return self.low <= row < self.high

    def cuts(self, part: Part) -> bool:
        """Say whether a part may lie only partly inside."""
        return part.kind is not Kind.ROW and not self._holds(part) and not self._misses(part)

    def least(self, part: Part) -> int:
        """Return how many of a part's matching rows lie inside, at the least."""
        if part.kind is Kind.ROW:
            return int(self.has(part.first))
        return part.count if self._holds(part) else 0

    def most(self, part: Part) -> int:
        """Return how many of a part's matching rows lie inside, at the most."""
        if part.kind is Kind.ROW:
            return int(self.has(part.first))
        return 0 if self._misses(part) else part.count

    def _holds(self, part: Part) -> bool:
        return self.low <= part.first and part.end <= self.high

    def _misses(self, part: Part) -> bool:
        return part.end <= self.low or self.high <= part.first


@dataclass(frozen=True, slots=True)
class Window:
    """What of the sealed rows is asked for.

    Attributes:
        counted: the bounds that the total is of.
        paged: the bounds that the page is of: narrower, when it goes on from a cursor.
        offset: how many matching rows to pass over, of those inside ``paged``.
        limit: how many to take.
        oldest_first: in the order of their keys; else against it.
    """

    counted: Bounds
    paged: Bounds
    offset: int
    limit: int
    oldest_first: bool

    def to_open(self, parts: Sequence[Part]) -> list[Part]:
        """Return the parts that must be opened before anything can be said; none when all is known."""
        cut = [part for part in parts if part.count and (self.counted.cuts(part) or self.paged.cuts(part))]
        suspected = [part for part in self._at_hand(parts) if part.kind is not Kind.ROW and part not in cut]
        return cut + suspected if not cut or len(suspected) <= OPENED_AT_ONCE else cut

    def page(self, parts: Sequence[Part]) -> list[str]:
        """Return the page's rows, once nothing is left to open."""
        return [part.first for part in self._at_hand(parts)]

    def total(self, parts: Iterable[Part]) -> int:
        """Return how many rows are counted, once nothing is left to open."""
        return sum(self.counted.least(part) for part in parts)

    def in_paged(self, parts: Iterable[Part]) -> int:
        """Return how many rows the pages are of, once nothing is left to open."""
        return sum(self.paged.least(part) for part in parts)

    def _at_hand(self, parts: Sequence[Part]) -> list[Part]:
        """Return the parts that may have rows of the page."""
        least = most = 0
        found = []
        for part in parts if self.oldest_first else reversed(parts):
            inside = self.paged.most(part)
            if inside and most + inside > self.offset and least < self.offset + self.limit:
                found.append(part)
            least, most = least + self.paged.least(part), most + inside
        return found
