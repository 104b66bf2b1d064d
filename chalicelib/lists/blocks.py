"""The blocks of a list: leaves of row keys and classes, nodes and a root of counts. Pure data.

Leaf n has the rows from 200 n on, node m the leaves from 128 m on, so a row's place says where it is. A class is
a number in blocks: its place in the root's list of classes, which only grows.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.lists.packing import pack, unpack
from chalicelib.lists.spec import Class


@dataclass(frozen=True, slots=True)
class Span:
    """A run of rows, summed up: a leaf as its node knows it, a node as the root does.

    Attributes:
        first: its first row's key.
        version: the compaction that wrote its block last.
        counts: how many rows it has of each class.
    """

    first: str
    version: int
    counts: Mapping[int, int]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Leaf:
    """Up to 200 rows: their keys, and the class of each."""

    keys: Sequence[str]
    codes: Sequence[int]

    def pack(self) -> bytes:
        """Return it as it is stored."""
        return pack(self.codes, self.keys)

    @classmethod
    def unpack(cls, packed: bytes) -> "Leaf":
        """Read it back."""
        codes, keys = unpack(packed)
        return cls(keys, codes)

    def span(self, version: int) -> Span:
        """Sum it up."""
        counts: dict[int, int] = {}
        for code in self.codes:
            counts[code] = counts.get(code, 0) + 1
        return Span(self.keys[0], version, counts)


@dataclass(frozen=True, slots=True)
class Node:
    """Up to 128 leaves, summed up."""

    leaves: Sequence[Span]

    def pack(self) -> bytes:
        """Return it as it is stored."""
        return pack(_columns(self.leaves), [leaf.first for leaf in self.leaves])

    @classmethod
    def unpack(cls, packed: bytes) -> "Node":
        """Read it back."""
        return cls(_spans(*unpack(packed)))

    def span(self, version: int) -> Span:
        """Sum it up."""
        counts: dict[int, int] = {}
        for leaf in self.leaves:
            for code, count in leaf.counts.items():
                counts[code] = counts.get(code, 0) + count
        return Span(self.leaves[0].first, version, counts)


@dataclass(frozen=True, slots=True)
class Root:
    """All that is sealed.

    Attributes:
        version: how often the list was compacted.
        last: the newest sealed row's key.
        applied: the log up to which blocks know of class changes: a page, and how many of its changes (0: all).
        classes: the classes by their number.
        nodes: the nodes, summed up.
    """

    version: int = 0
    last: str = ""
    applied: tuple[str, int] = ("", 0)
    classes: Sequence[Class] = ()
    nodes: Sequence[Span] = ()

    def pack(self) -> bytes:
        """Return it as it is stored."""
        head = [self.version, self.last, self.applied, self.classes, _columns(self.nodes)]
        return pack(head, [node.first for node in self.nodes])

    @classmethod
    def unpack(cls, packed: bytes) -> "Root":
        """Read it back."""
        (version, last, (page, done), classes, columns), firsts = unpack(packed)
        return cls(version, last, (page, done), [tuple(one) for one in classes], _spans(columns, firsts))

    @property
    def rows(self) -> int:
        """How many rows are sealed."""
        return sum(node.rows for node in self.nodes)


def place_of(row: str, spans: Sequence[Span]) -> int:
    """Return which of these spans a row lies in."""
    return max(0, bisect_right(spans, row, key=lambda span: span.first) - 1)


def _columns(spans: Sequence[Span]) -> list[object]:
    """Return versions and counts column by column: a column's numbers are alike."""
    codes = sorted({code for span in spans for code in span.counts})
    return [
        [span.version for span in spans],
        codes,
        [[span.counts.get(code, 0) for span in spans] for code in codes],
    ]


def _spans(columns: tuple[list[int], list[int], list[list[int]]], firsts: Sequence[str]) -> list[Span]:
    versions, codes, counts = columns
    return [
        Span(
            first,
            versions[at],
            {code: column[at] for code, column in zip(codes, counts, strict=True) if column[at]},
        )
        for at, first in enumerate(firsts)
    ]
