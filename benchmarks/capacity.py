"""What reading and writing items costs, by DynamoDB's published rules: pure arithmetic on sizes.

Sources: "DynamoDB read and write operations" (capacity unit consumption), "Amazon DynamoDB Transactions: How it
works" (capacity management) and "Using Global Secondary Indexes" (write capacity units), Developer Guide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.item_size import Item, item_bytes

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096
IN_TRANSACTION = 2

EVENTUAL, STRONG, TRANSACTIONAL = Fraction(1, 2), Fraction(1), Fraction(2)
"""What one started read unit's worth of bytes costs."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index that projects keys only.

    Attributes:
        name: its name.
        keys: the attributes that it is keyed by; an item that lacks one is not in it.
        projected: all that an entry has: the index's keys and the table's.
    """

    name: str
    keys: tuple[str, ...]
    projected: tuple[str, ...]

    def entry(self, item: Item | None) -> Item | None:
        """Return an item's entry in the index, or None when it has none."""
        if not item or any(key not in item for key in self.keys):
            return None
        return {name: item[name] for name in self.projected if name in item}


@dataclass(frozen=True, slots=True)
class Written:
    """One item as it was before a write and as it is after it; the same twice when the write was refused."""

    before: Item | None
    after: Item | None


def write_units(written: Written, indexes: Iterable[Index] = (), *, in_transaction: bool = False) -> int:
    """Return the write units of one write, refused or not.

    One for each started KB of the larger of the item before and after, one at the least; twice that as a member
    of a transaction, condition checks too. Then one for each started KB of every index entry that is put or
    removed, both when an index key changes. Entries are not doubled: the index is brought up to date from the
    table after the transaction.
    """
    largest = max(item_bytes(written.before), item_bytes(written.after))
    units = _started(largest, WRITE_UNIT_BYTES) * (IN_TRANSACTION if in_transaction else 1)
    return units + sum(_index_units(index, written) for index in indexes)


def read_units(sizes_bytes: Sequence[int], rate: Fraction) -> Fraction:
    """Return the read units of items that are rounded up together (a query), or of a single one.

    Args:
        sizes_bytes: of every item that was read, those that a filter dropped or that were only counted too.
        rate: ``EVENTUAL``, ``STRONG`` or ``TRANSACTIONAL``; nothing found costs as much as a little.
    """
    return _started(sum(sizes_bytes), READ_UNIT_BYTES) * rate


def _index_units(index: Index, written: Written) -> int:
    before, after = index.entry(written.before), index.entry(written.after)
    if before == after:
        return 0
    return sum(_started(item_bytes(entry), WRITE_UNIT_BYTES) for entry in (before, after) if entry)


def _started(size_bytes: int, unit_bytes: int) -> int:
    return max(1, -(-size_bytes // unit_bytes))
