"""A list's blocks as items; the root lies among the rows, right behind the newest that is sealed."""

from typing import Self

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.lists.blocks import Leaf, Node, Root
from chalicelib.lists.spec import MARK, R, RowList
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Key, Raw, Record


class RootRecord(Record):
    """The root of a list. Its names are none of any row's, which lie beside it."""

    packed = BinaryAttribute(attr_name="list_root", legacy_encoding=False)
    lk = UnicodeAttribute(null=True)
    lv = UnicodeAttribute(null=True)

    @property
    def root(self) -> Root:
        """The root."""
        return Root.unpack(self.packed)


class BlockRecord(Record):
    """A node or a leaf of a list."""

    version = IntegerAttribute(attr_name="v")
    packed = BinaryAttribute(attr_name="b", legacy_encoding=False)


class TopRecord(Record):
    """Where a list's root is: what compactions agree on, one after the other.

    Attributes:
        version: that root's version.
        last: the newest sealed row's key.
    """

    version = IntegerAttribute(attr_name="v")
    last = UnicodeAttribute(attr_name="l")


class ItemRecord(Record):
    """Any item, unread: a row or a root, found in one query."""

    raw: Raw

    @classmethod
    def of_raw(cls, item: Raw) -> Self:
        """Keep the item as it came."""
        made = cls()
        made.raw = item
        return made


def top_key(rows: RowList[R]) -> Key:
    """Return where a list's top is."""
    return keys.list_block(rows.tenant_id, rows.name, "top")


def node_key(rows: RowList[R], number: int) -> Key:
    """Return where a node is."""
    return keys.list_block(rows.tenant_id, rows.name, f"node#{number:06d}")


def leaf_key(rows: RowList[R], number: int) -> Key:
    """Return where a leaf is."""
    return keys.list_block(rows.tenant_id, rows.name, f"leaf#{number:08d}")


def root_key(rows: RowList[R], last: str) -> Key:
    """Return where the root is, given the newest sealed row: beside it, or, found by an index, with the blocks."""
    if rows.index:
        return keys.list_block(rows.tenant_id, rows.name, "root")
    return Key(rows.partition, last + MARK)


def root_record(rows: RowList[R], root: Root) -> RootRecord:
    """Return a root as an item."""
    pk, sk = root_key(rows, root.last)
    record = RootRecord(pk=pk, sk=sk, packed=root.pack())
    if rows.index:
        record.lk, record.lv = rows.partition, root.last + MARK
    return record


def block_record(key: Key, block: Node | Leaf, version: int) -> BlockRecord:
    """Return a node or a leaf as an item."""
    return BlockRecord(pk=key.pk, sk=key.sk, version=version, packed=block.pack())
