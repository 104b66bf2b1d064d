"""A sub-account as an item."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record


class WalletRecord(Record):
    """A sub-account of a merchant; never deleted."""

    name = UnicodeAttribute()
    number = IntegerAttribute()
    external_id = UnicodeAttribute(null=True)
    created_at = IntegerAttribute()
