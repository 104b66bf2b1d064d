"""What a list is made of, as its room describes it, and what a page of it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from chalicelib.storage.records import Key, Raw, Record

R = TypeVar("R", bound=Record)
Class = tuple[str, ...]
Matching = Callable[[Class], bool]
Untold = Sequence[tuple[str, Class]]

COUNTS = "counts"
MARK = "~"  # behind every character of a row's key
MARGIN_SECONDS = 30.0
"""Longer than any commit can be under way: no row appears any more before one that is this old."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the parts of a list are; fixed for its life.

    Attributes:
        leaf_rows: rows of a leaf.
        node_leaves: leaves of a node.
        step: how many rows, or changes of sealed rows, are worth a step of sealing.
        most_changes: how many changes a step takes at the most, so that it fits one transaction.
    """

    leaf_rows: int = 200
    node_leaves: int = 128
    step: int = 32
    most_changes: int = 40


@dataclass(frozen=True, slots=True)
class RowList(Generic[R]):
    """One list of a tenant's.

    Attributes:
        tenant_id: whose.
        name: its name among the tenant's lists, such as ``payment``; class changes in the log carry it.
        record_type: what its rows are.
        partition: the partition of its rows, of the table or of the index. No row's sort key ends in ``~``.
        class_of: what it is filtered by, as the row says now.
        sealable: whether a row is fit to be sealed: record, its place in the list from 0, Unix seconds now. No
            row may appear before it any more, and, without ``untold``, its class may never change again.
        untold: for a list whose classes change and are told in the log: the row's steps that changed its class
            and may not be numbered yet, in order, as the id of the step's event and the class before the step.
        index: the global index (keys only) that its rows are found by, in place of the table.
        row_key: an index's row's own key, from its key in the index.
        shape: how large its parts are.
    """

    tenant_id: str
    name: str
    record_type: type[R]
    partition: str
    class_of: Callable[[R], Class]
    sealable: Callable[[R, int, float], bool]
    untold: Callable[[R], Untold] | None = None
    index: str | None = None
    row_key: Callable[[str], Key] | None = None
    shape: Shape = Shape()

    def key_of(self, row: str) -> Key:
        """Return a row's key in the table."""
        return self.row_key(row) if self.row_key else Key(self.partition, row)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page is asked for.

    Attributes:
        limit: how many rows at most.
        offset: how many matching rows to pass over.
        cursor: a ``next_cursor`` to go on from, in place of an offset.
        matching: which classes; None for all.
        between: the first row key and the one behind the last; None where there is no bound.
        oldest_first: in the order of creation; else the newest first.
        beside: keys of other items that the caller wants with it, at no further call.
    """

    limit: int
    offset: int = 0
    cursor: str | None = None
    matching: Matching | None = None
    between: tuple[str | None, str | None] = (None, None)
    oldest_first: bool = False
    beside: Sequence[Key] = ()


@dataclass(frozen=True, slots=True)
class ListPage(Generic[R]):
    """A page: its rows in order, how many match in all, where the next page begins, the items asked for beside."""

    rows: list[R]
    total: int
    next_cursor: str | None = None
    beside: Mapping[Key, Raw] = field(default_factory=dict)


def counts_subject(list_name: str) -> str:
    """Return what the numbering writer is woken with to have a list looked at."""
    return f"{COUNTS}:{list_name}"


def nothing_to_tell(_env: Any, _tenant_id: str, _names: Sequence[str]) -> Mapping[str, list[Any]]:
    """Return what counts tell merchants; the numbering writer's reader of them."""
    return {}


def is_row_id(name: str) -> bool:
    """Say whether a name can be a row's: what else lies among the rows has a mark in its key."""
    return MARK not in name


def settled(record: Any, _place: int, now: float) -> bool:
    """Say whether a record with a ``created_at`` in milliseconds is so old that none can come before it."""
    return bool(record.created_at / 1000 + MARGIN_SECONDS <= now)


def created_between(from_ms: int | None, to_ms: int | None) -> tuple[str | None, str | None]:
    """Return the bounds of UUIDv7 keys made in a span of Unix milliseconds, both ends included."""
    return (
        None if from_ms is None else _first_id(from_ms),
        None if to_ms is None else _first_id(to_ms + 1),
    )


def _first_id(milliseconds: int) -> str:
    digits = f"{max(0, min(milliseconds, (1 << 48) - 1)):012x}"
    return f"{digits[:8]}-{digits[8:]}"
