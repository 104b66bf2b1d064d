"""Pages of a whole list: a row's place says which leaf names it, and a page is one run of the partition."""

from dataclasses import dataclass
from typing import Generic

from pynamodb.expressions.condition import Condition

from chalicelib.api.pagination import write_cursor
from chalicelib.environment import Environment
from chalicelib.lists.blocks import Leaf
from chalicelib.lists.records import BlockRecord, leaf_key
from chalicelib.lists.spec import MARK, Asked, ListPage, R, RowList
from chalicelib.lists.tail import Tail
from chalicelib.storage.records import Key, Raw, Record


def is_plain(rows: RowList[R], asked: Asked) -> bool:
    """Say whether all of a list is asked for, and its rows can be read in one run."""
    return asked.matching is None and asked.between == (None, None) and rows.index is None


def page(env: Environment, rows: RowList[R], asked: Asked, after: str | None, tail: Tail[R]) -> ListPage[R]:
    """Return a page of a whole list: at most two calls more than the tail's."""
    return _Plain(env, rows, asked, after, tail).page()


@dataclass(slots=True)
class _Plain(Generic[R]):
    env: Environment
    rows: RowList[R]
    asked: Asked
    after: str | None
    tail: Tail[R]
    beside: dict[Key, Raw] | None = None

    def page(self) -> ListPage[R]:
        old = self.tail.root.rows
        shown = self._oldest_first(old) if self.asked.oldest_first else self._newest_first(old)
        return ListPage(
            rows=[record for _, record in shown],
            total=old + len(self.tail.rows),
            next_cursor=write_cursor(shown[-1][0]) if shown and self._goes_on_from(shown[-1][0]) else None,
            beside=self._beside() if shown else {},
        )

    def _goes_on_from(self, key: str) -> bool:
        root, fresh = self.tail.root, self.tail.rows
        if self.asked.oldest_first:
            return key < (fresh[0][0] if fresh else root.last)
        return key > (root.nodes[0].first if root.nodes else fresh[-1][0])

    def _newest_first(self, old: int) -> list[tuple[str, R]]:
        fresh = [one for one in self.tail.rows if self.after is None or one[0] < self.after]
        wanted, offset = self.asked.limit, self.asked.offset
        taken = list(fresh[offset : offset + wanted])
        skipped = max(0, offset - len(fresh))
        if len(taken) == wanted or skipped >= old:
            return taken
        if self.after is not None and self.after <= self.tail.root.last:
            return taken + self._run(Record.sk < self.after, wanted - len(taken))
        newest = self._key_at(old - 1 - skipped) if skipped else self.tail.root.last
        return taken + self._run(Record.sk <= newest, wanted - len(taken))

    def _oldest_first(self, old: int) -> list[tuple[str, R]]:
        fresh = [one for one in reversed(self.tail.rows) if self.after is None or one[0] > self.after]
        wanted, offset = self.asked.limit, self.asked.offset
        taken: list[tuple[str, R]] = []
        if self.after is not None:
            if self.after < self.tail.root.last:
                taken = self._run(Record.sk > self.after, wanted)
        elif offset < old:
            taken = self._run(Record.sk >= self._key_at(offset), wanted)
        skipped = max(0, offset - old)
        return taken + fresh[skipped : skipped + wanted - len(taken)]

    def _run(self, condition: Condition, wanted: int) -> list[tuple[str, R]]:
        """Read sealed rows that lie next to each other."""
        if not self.tail.root.nodes:
            return []
        found = self.env.store.query(
            self.rows.record_type,
            self.rows.partition,
            condition,
            limit=wanted,
            newest_first=not self.asked.oldest_first,
        )
        last = self.tail.root.last
        return [(row.sk, row) for row in found.records if row.sk <= last and not row.sk.endswith(MARK)]

    def _key_at(self, place: int) -> str:
        """Return the key of the row at a place. A leaf only grows: an old reading will do, if long enough."""
        number, at = divmod(place, self.rows.shape.leaf_rows)
        key = leaf_key(self.rows, number)
        items = self.env.store.get_raw([key, *self.asked.beside], consistent=False)
        self.beside = {one: items[one] for one in self.asked.beside if one in items}
        keys = Leaf.unpack(BlockRecord.of_raw(items[key]).packed).keys if key in items else []
        if at >= len(keys):
            keys = Leaf.unpack(BlockRecord.of_raw(self.env.store.get_raw([key])[key]).packed).keys
        return keys[at]

    def _beside(self) -> dict[Key, Raw]:
        if self.beside is None:
            wanted = self.asked.beside
            self.beside = self.env.store.get_raw(wanted, consistent=False) if wanted else {}
        return self.beside
