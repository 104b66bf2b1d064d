"""Writing a step of sealing: the blocks that it touches, the root in its new place, the top that all agree on."""

from collections.abc import Mapping, Sequence

from chalicelib.environment import Environment
from chalicelib.lists.blocks import Leaf, Node, Root
from chalicelib.lists.compaction import Blocks, Sealed, compacted, leaves_touched, nodes_touched
from chalicelib.lists.records import (
    BlockRecord,
    TopRecord,
    block_record,
    leaf_key,
    node_key,
    root_key,
    root_record,
    top_key,
)
from chalicelib.lists.spec import Class, R, RowList
from chalicelib.storage.records import Key
from chalicelib.storage.unit_of_work import ConflictError, Write, create, delete, put


def write_step(
    env: Environment,
    rows: RowList[R],
    root: Root,
    applied: tuple[str, int],
    changed: Mapping[str, Class],
    sealed: Sequence[Sealed],
) -> None:
    """Write a step in one transaction.

    Args:
        env: the environment.
        rows: the list.
        root: its root as it was read; its version is 0 when there is none yet.
        applied: the place in the log that the step reaches.
        changed: sealed rows that have another class by then, and which.
        sealed: the rows to be sealed, in order.

    Raises:
        ConflictError: another step was taken meanwhile.
    """
    after = compacted(_read(env, rows, root, changed), applied, changed, sealed)
    version = after.root.version
    writes = [_top(rows, root, after.root), put(root_record(rows, after.root))]
    old = root_key(rows, root.last)
    if root.version and old != root_key(rows, after.root.last):
        writes.append(delete(old))
    writes += [put(block_record(node_key(rows, at), node, version)) for at, node in after.nodes.items()]
    writes += [put(block_record(leaf_key(rows, at), leaf, version)) for at, leaf in after.leaves.items()]
    env.store.commit(*writes)


def _top(rows: RowList[R], before: Root, after: Root) -> Write:
    pk, sk = top_key(rows)
    top = TopRecord(pk=pk, sk=sk, version=after.version, last=after.last)
    return put(top, TopRecord.version == before.version) if before.version else create(top)


def _read(env: Environment, rows: RowList[R], root: Root, changed: Mapping[str, Class]) -> Blocks:
    nodes = {at: node_key(rows, at) for at in nodes_touched(root, changed)}
    found = _blocks(env, root, list(nodes.values()))
    opened = {at: Node.unpack(found[key].packed) for at, key in nodes.items()}
    leaves = {at: leaf_key(rows, at) for at in leaves_touched(rows.shape, root, opened, changed)}
    found = _blocks(env, root, list(leaves.values()))
    return Blocks(rows.shape, root, opened, {at: Leaf.unpack(found[key].packed) for at, key in leaves.items()})


def _blocks(env: Environment, root: Root, wanted: list[Key]) -> dict[Key, BlockRecord]:
    found = env.store.get_many(BlockRecord, wanted) if wanted else {}
    if len(found) < len(wanted) or any(one.version > root.version for one in found.values()):
        raise ConflictError("the list was compacted meanwhile")
    return found
