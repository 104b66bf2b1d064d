"""The tail of a list: the rows that are not sealed yet, as they stand, and the root right behind them."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.environment import Environment
from chalicelib.lists.blocks import Root
from chalicelib.lists.records import ItemRecord, RootRecord, root_key
from chalicelib.lists.spec import MARK, R, RowList
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Raw

INDEX_RANGE = "lv"  # of the one index that lists are found by
FIRST_LOOK_ROWS = 48
FRESH_SECONDS = 60.0
LISTS_KEPT = 10_000
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Tail(Generic[R]):
    """What is not sealed, the newest first, and the root; an empty one while nothing is sealed."""

    rows: Sequence[tuple[str, R]]
    root: Root


class Boundaries:
    """Where this process saw the roots last. They only move forward: an old place costs some units, no more."""

    def __init__(self, env: Environment) -> None:
        self._clock = env.clock
        self._seen: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def of(self, rows: RowList[R]) -> tuple[str | None, bool]:
        """Return a root's place, if it was seen, and whether that was just now."""
        place, at = self._seen.get((rows.tenant_id, rows.name), (None, 0.0))
        return place, self._clock.now() - at < FRESH_SECONDS

    def note(self, rows: RowList[R], place: str) -> None:
        """Keep a root's place."""
        with self._lock:
            if len(self._seen) >= LISTS_KEPT:
                self._seen.clear()
            self._seen[rows.tenant_id, rows.name] = (place, self._clock.now())


def read_tail(env: Environment, rows: RowList[R]) -> Tail[R]:
    """Read a list's tail: one query, from the newest row down to the root; two calls where an index finds rows.

    Raises:
        StorageUnavailableError: a compaction moved the root away from under each of several queries.
    """
    boundaries = env.keep(Boundaries)
    for _ in range(ATTEMPTS):
        place, is_fresh = boundaries.of(rows)
        found, mark = _down_to_mark(env, rows, place, is_fresh)
        if mark is None and place is not None:
            continue  # moved forward while the query went down
        if rows.index:
            tail = _fetched(env, rows, [item[INDEX_RANGE]["S"] for item in found], mark)
        else:
            records = [(item["sk"]["S"], rows.record_type.of_raw(item)) for item in found]
            tail = Tail(records, RootRecord.of_raw(mark).root if mark else Root())
        if mark is not None:
            boundaries.note(rows, mark[range_name(rows)]["S"])
        return tail
    raise StorageUnavailableError("a list's root moved too often")


def range_name(rows: RowList[R]) -> str:
    """Return what rows are in the order of: the sort key, of the table or of the index."""
    return INDEX_RANGE if rows.index else "sk"


def _down_to_mark(
    env: Environment, rows: RowList[R], place: str | None, is_fresh: bool
) -> tuple[list[Raw], Raw | None]:
    """Read down to the root: without a limit when it can hardly have moved, else in steps."""
    name = range_name(rows)
    down_to: Condition | None = Path(name) >= place if place else None
    limit = None if place and is_fresh else FIRST_LOOK_ROWS
    found: list[Raw] = []
    start_key: Raw | None = None
    while True:
        page = env.store.query(
            ItemRecord,
            rows.partition,
            down_to,
            limit=limit,
            newest_first=True,
            start_key=start_key,
            index=rows.index,
        )
        for record in page.records:
            if record.raw[name]["S"].endswith(MARK):
                return found, record.raw
            found.append(record.raw)
        start_key = page.last_key
        if start_key is None:
            return found, None


def _fetched(env: Environment, rows: RowList[R], names: Sequence[str], mark: Raw | None) -> Tail[R]:
    """Read the rows, and the root, that an index named; what it does not name yet the root may have sealed."""
    root_at = root_key(rows, "")
    named = {name: rows.key_of(name) for name in names}
    items = env.store.get_raw([*named.values(), *([root_at] if mark else [])])
    root = RootRecord.of_raw(items[root_at]).root if root_at in items else Root()
    records = [
        (name, rows.record_type.of_raw(items[key]))
        for name, key in named.items()
        if key in items and name > root.last
    ]
    return Tail(records, root)
