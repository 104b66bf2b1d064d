"""The sealed part of a list as a reader sees it: counts as of now, opened block by block where a page needs it."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from chalicelib.environment import Environment
from chalicelib.lists.blocks import Leaf, Node, Root, Span, place_of
from chalicelib.lists.changes import Net
from chalicelib.lists.records import BlockRecord, leaf_key, node_key
from chalicelib.lists.selection import Kind, Part, Window
from chalicelib.lists.spec import MARK, Matching, R, RowList
from chalicelib.storage.records import Key


class MovedError(Exception):
    """A block is newer than the root that was read: the list was compacted meanwhile."""


class Sealed:
    """The parts of a list's sealed rows, as far as they have been opened.

    Args:
        env: the environment.
        rows: the list.
        root: its root.
        matching: which classes count.
        changed: what the log tells since the root's compaction.
    """

    def __init__(
        self, env: Environment, rows: RowList[R], root: Root, matching: Matching, changed: Mapping[str, Net]
    ) -> None:
        self._env, self._rows, self._root, self._matching = env, rows, root, matching
        self._changed = {row: net for row, net in changed.items() if row <= root.last}
        self._in_order = sorted(self._changed)
        self._codes = {code for code, one in enumerate(root.classes) if matching(one)}
        self.parts = self._parts(Kind.NODE, 0, root.nodes, root.last + MARK)

    def open(self, window: Window) -> None:
        """Open what must be open to answer: nearly always nodes in one call, then leaves in one.

        Raises:
            MovedError: the list was compacted meanwhile.
        """
        while to_open := window.to_open(self.parts):
            blocks = self._read(to_open)
            opened = set(to_open)
            self.parts = [
                inner
                for part in self.parts
                for inner in (self._opened(part, blocks[self._key(part)]) if part in opened else [part])
            ]

    def _opened(self, part: Part, block: BlockRecord) -> Sequence[Part]:
        if part.kind is Kind.NODE:
            leaves = Node.unpack(block.packed).leaves
            return self._parts(Kind.LEAF, part.number * self._rows.shape.node_leaves, leaves, part.end)
        leaf = Leaf.unpack(block.packed)
        return [
            Part(Kind.ROW, 0, row, row, 1)
            for row, code in zip(leaf.keys, leaf.codes, strict=True)
            if self._matches(row, code)
        ]

    def _matches(self, row: str, code: int) -> bool:
        net = self._changed.get(row)
        return self._matching(net.after) if net else code in self._codes

    def _parts(self, kind: Kind, begin: int, spans: Sequence[Span], end: str) -> list[Part]:
        """Count spans as of now: what the log tells is added to what their block says."""
        ends = [span.first for span in spans[1:]] + [end]
        counts = [sum(count for code, count in span.counts.items() if code in self._codes) for span in spans]
        for row in self._between(spans[0].first, end) if spans else ():
            net = self._changed[row]
            counts[place_of(row, spans)] += self._matching(net.after) - self._matching(net.before)
        return [
            Part(kind, begin + at, span.first, ends[at], counts[at], span.version) for at, span in enumerate(spans)
        ]

    def _between(self, first: str, end: str) -> Iterable[str]:
        return self._in_order[bisect_left(self._in_order, first) : bisect_left(self._in_order, end)]

    def _key(self, part: Part) -> Key:
        return (node_key if part.kind is Kind.NODE else leaf_key)(self._rows, part.number)

    def _read(self, parts: Sequence[Part]) -> dict[Key, BlockRecord]:
        """Read blocks at half the price, and again, strongly, those that came older than they are."""
        wanted = {self._key(part): part.version for part in parts}
        found = self._env.store.get_many(BlockRecord, list(wanted), consistent=False)
        old = [key for key, version in wanted.items() if key not in found or found[key].version < version]
        if old:
            found |= self._env.store.get_many(BlockRecord, old)
        if any(key not in found or found[key].version != version for key, version in wanted.items()):
            raise MovedError
        return found
