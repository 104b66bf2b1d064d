"""Compaction, decided in pure data: what blocks become when rows are sealed and classes have changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.lists.blocks import Leaf, Node, Root, Span, place_of
from chalicelib.lists.spec import Class, Shape

Sealed = tuple[str, Class]


@dataclass(frozen=True, slots=True)
class Blocks:
    """A root with some of its nodes and leaves, by their numbers."""

    shape: Shape
    root: Root
    nodes: Mapping[int, Node]
    leaves: Mapping[int, Leaf]


def nodes_touched(root: Root, changed: Iterable[str]) -> set[int]:
    """Return the nodes that must be read before a compaction: those of changed rows, and the last one."""
    last = {len(root.nodes) - 1} if root.nodes else set()
    return {place_of(row, root.nodes) for row in changed} | last


def leaves_touched(shape: Shape, root: Root, nodes: Mapping[int, Node], changed: Iterable[str]) -> set[int]:
    """Return the leaves that must be read before a compaction: those of changed rows, and an unfilled last one."""
    rows = root.rows
    last = {rows // shape.leaf_rows} if rows % shape.leaf_rows else set()
    return {_leaf_of(shape, root, nodes, row) for row in changed} | last


def compacted(
    before: Blocks, applied: tuple[str, int], changed: Mapping[str, Class], sealed: Sequence[Sealed]
) -> Blocks:
    """Return the new root, and the nodes and leaves that are new or changed.

    Args:
        before: the root, and the nodes and leaves that ``nodes_touched`` and ``leaves_touched`` name.
        applied: the place in the log that is reached by it.
        changed: sealed rows that have another class now, and which.
        sealed: the rows to be sealed, in the order of their keys, all behind the last sealed one.
    """
    version = before.root.version + 1
    numbers = _Numbers(before.root.classes)
    leaves = _changed_leaves(before, changed, numbers)
    _append(leaves, before, sealed, numbers)
    nodes = _counted_nodes(before, leaves, version)
    spans = list(before.root.nodes)
    for number, node in sorted(nodes.items()):
        spans[number : number + 1] = [node.span(version)]
    root = Root(
        version=version,
        last=sealed[-1][0] if sealed else before.root.last,
        applied=applied,
        classes=numbers.classes,
        nodes=spans,
    )
    return Blocks(before.shape, root, nodes, leaves)


class _Numbers:
    """Numbers classes, new ones behind the known ones."""

    def __init__(self, known: Sequence[Class]) -> None:
        self.classes = list(known)
        self._codes = {one: code for code, one in enumerate(known)}

    def of(self, one: Class) -> int:
        code = self._codes.setdefault(one, len(self.classes))
        if code == len(self.classes):
            self.classes.append(one)
        return code


def _changed_leaves(before: Blocks, changed: Mapping[str, Class], numbers: _Numbers) -> dict[int, Leaf]:
    leaves: dict[int, Leaf] = {}
    for row, after in changed.items():
        number = _leaf_of(before.shape, before.root, before.nodes, row)
        leaf = leaves.get(number) or before.leaves[number]
        if row in leaf.keys:
            codes = list(leaf.codes)
            codes[leaf.keys.index(row)] = numbers.of(after)
            leaves[number] = replace(leaf, codes=codes)
    return leaves


def _append(leaves: dict[int, Leaf], before: Blocks, sealed: Sequence[Sealed], numbers: _Numbers) -> None:
    rows, leaf_rows = before.root.rows, before.shape.leaf_rows
    waiting = list(sealed)
    while waiting:
        number, room = rows // leaf_rows, leaf_rows - rows % leaf_rows
        taken, waiting = waiting[:room], waiting[room:]
        begun = leaves.get(number) or (before.leaves[number] if rows % leaf_rows else Leaf([], []))
        keys, codes = [key for key, _ in taken], [numbers.of(one) for _, one in taken]
        leaves[number] = Leaf([*begun.keys, *keys], [*begun.codes, *codes])
        rows += len(taken)


def _counted_nodes(before: Blocks, leaves: Mapping[int, Leaf], version: int) -> dict[int, Node]:
    nodes: dict[int, list[Span]] = {}
    for number, leaf in sorted(leaves.items()):
        at, place = divmod(number, before.shape.node_leaves)
        if at not in nodes:
            nodes[at] = list(before.nodes[at].leaves) if at in before.nodes else []
        nodes[at][place : place + 1] = [leaf.span(version)]
    return {at: Node(spans) for at, spans in nodes.items()}


def _leaf_of(shape: Shape, root: Root, nodes: Mapping[int, Node], row: str) -> int:
    at = place_of(row, root.nodes)
    return at * shape.node_leaves + place_of(row, nodes[at].leaves)
