"""A sub-account as an item, and the pointer from its external id."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record


class WalletRecord(Record):
    """A sub-account of a merchant; never deleted. Its sort key is the wallet's id.

    Attributes:
        name: as the merchant calls it.
        number: the integer id: 1, 2, 3 … in the tenant.
        external_id: the merchant's own id of it, or None.
        created_at: Unix seconds.
    """

    name = UnicodeAttribute()
    number = IntegerAttribute()
    external_id = UnicodeAttribute(null=True)
    created_at = IntegerAttribute()


def number_of(wallet_id: str) -> int:
    """Return a wallet's number, which its id begins with: ``w_``, eight hexadecimal digits of it, eight random."""
    return int(wallet_id[2:10], 16)


class ExternalWallet(Record):
    """Which sub-account an external id means."""

    wallet_id = UnicodeAttribute(attr_name="w")
