"""Reading a page of a list: what is not sealed as it stands, what is by its counts and the log since."""

from collections.abc import Mapping
from typing import Generic

from chalicelib.api.pagination import after_of, write_cursor
from chalicelib.environment import Environment
from chalicelib.lists import plain
from chalicelib.lists.changes import net, told_since
from chalicelib.lists.sealed import MovedError, Sealed
from chalicelib.lists.selection import FIRST, LAST, Bounds, Window
from chalicelib.lists.spec import Asked, Class, ListPage, R, RowList
from chalicelib.lists.tail import ATTEMPTS, Tail, read_tail
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Key, Raw

JUST_BEHIND = "\x00"


def page(env: Environment, rows: RowList[R], asked: Asked) -> ListPage[R]:
    """Return a page of a list.

    Args:
        env: the environment.
        rows: the list.
        asked: which page.

    Raises:
        InvalidRequestError: the cursor cannot be read, or comes with an offset.
        StorageUnavailableError: the list was compacted again and again while it was read.
    """
    after = after_of(asked.cursor, asked.offset)
    for _ in range(ATTEMPTS):
        tail = read_tail(env, rows)
        if plain.is_plain(rows, asked):
            return plain.page(env, rows, asked, after, tail)
        try:
            return _Filtered(env, rows, asked, after, tail).page()
        except MovedError:
            continue
    raise StorageUnavailableError("a list was compacted again and again while it was read")


class _Filtered(Generic[R]):
    """One attempt at a page of which not all rows, or not the whole list, are asked for."""

    def __init__(self, env: Environment, rows: RowList[R], asked: Asked, after: str | None, tail: Tail[R]) -> None:
        self._env, self._rows, self._asked, self._tail = env, rows, asked, tail
        low, high = asked.between
        self._counted = Bounds(low or FIRST, high or LAST)
        self._paged = _behind(self._counted, after, oldest_first=asked.oldest_first)

    def page(self) -> ListPage[R]:
        fresh = [(key, record) for key, record in self._tail.rows if self._is_wanted(self._rows.class_of(record))]
        if self._asked.oldest_first:
            fresh.reverse()
        offered = [(key, record) for key, record in fresh if self._paged.has(key)]
        window = self._window(len(offered))
        sealed = self._sealed()
        sealed.open(window)
        old, in_sealed = window.page(sealed.parts), window.in_paged(sealed.parts)
        taken = self._of_tail(offered, in_sealed, len(old))
        total = window.total(sealed.parts) + sum(self._counted.has(key) for key, _ in fresh)
        keys = [*old, *(key for key, _ in taken)] if self._asked.oldest_first else [*(k for k, _ in taken), *old]
        has_more = in_sealed + len(offered) > self._asked.offset + len(keys)
        return self._filled(keys, dict(taken), total, write_cursor(keys[-1]) if keys and has_more else None)

    def _window(self, offered: int) -> Window:
        offset, limit = self._asked.offset, self._asked.limit
        if not self._asked.oldest_first:  # the tail comes first
            offset, limit = max(0, offset - offered), min(limit, max(0, offset + limit - offered))
        return Window(self._counted, self._paged, offset, limit, self._asked.oldest_first)

    def _of_tail(self, offered: list[tuple[str, R]], in_sealed: int, taken: int) -> list[tuple[str, R]]:
        offset = self._asked.offset
        if self._asked.oldest_first:
            offset = max(0, offset - in_sealed)
            return offered[offset : offset + self._asked.limit - taken]
        return offered[offset : offset + self._asked.limit]

    def _sealed(self) -> Sealed:
        changed = {}
        root = self._tail.root
        if self._rows.untold and self._asked.matching and root.nodes:
            changed = net(told_since(self._env, self._rows, root.applied, consistent=False).changes)
        return Sealed(self._env, self._rows, root, self._is_wanted, changed)

    def _is_wanted(self, one: Class) -> bool:
        return self._asked.matching is None or self._asked.matching(one)

    def _filled(self, keys: list[str], have: Mapping[str, R], total: int, next_cursor: str | None) -> ListPage[R]:
        """Read the sealed rows; one that has just moved to another class is left out, and not counted."""
        named = {key: self._rows.key_of(key) for key in keys if key not in have}
        wanted: list[Key] = [*named.values(), *(self._asked.beside if keys else ())]
        items: dict[Key, Raw] = self._env.store.get_raw(wanted, consistent=False) if wanted else {}
        shown: list[R] = []
        for key in keys:
            record = have.get(key) or self._read(items.get(named[key]))
            if record is not None and (key in have or self._is_wanted(self._rows.class_of(record))):
                shown.append(record)
        beside = {key: items[key] for key in self._asked.beside if key in items}
        return ListPage(shown, total - (len(keys) - len(shown)), next_cursor, beside)

    def _read(self, item: Raw | None) -> R | None:
        return None if item is None else self._rows.record_type.of_raw(item)


def _behind(counted: Bounds, after: str | None, *, oldest_first: bool) -> Bounds:
    if after is None:
        return counted
    if oldest_first:
        return Bounds(max(counted.low, after + JUST_BEHIND), counted.high)
    return Bounds(counted.low, min(counted.high, after))
