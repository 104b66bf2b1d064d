"""The base of every record: one table, a partition key that starts with its room, then the tenant."""

from typing import Any, NamedTuple, Self

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from chalicelib.storage.attributes import IntegerAttribute

Raw = dict[str, dict[str, Any]]


class Key(NamedTuple):
    """An item's address in the table."""

    pk: str
    sk: str

    @property
    def raw(self) -> Raw:
        """The key as DynamoDB's wire format has it."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class Record(Model):
    """A typed view of one item. Storage short names are given with ``attr_name``: bytes are write units."""

    class Meta:
        """PynamoDB wants a name; the store puts the configured one into each call."""

        table_name = "sluice"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ttl = IntegerAttribute(null=True)

    @property
    def key(self) -> Key:
        """The item's address."""
        return Key(self.pk, self.sk)

    def to_raw(self) -> Raw:
        """Return the item in DynamoDB's wire format, without its unset attributes."""
        return self.serialize()

    @classmethod
    def of_raw(cls, item: Raw) -> Self:
        """Read an item of DynamoDB's wire format."""
        return cls.from_raw_data(item)
