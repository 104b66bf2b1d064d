"""A transfer as an item: its own journal row, in the order of arrival in its partition."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.ledger.accounts import MASTER, RECEIVABLE, wallet_account
from chalicelib.ledger.entries import Entry, entries_of
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Key, Record

TO_SUB, TO_MASTER = "to_sub", "to_master"
PENDING, COMPLETED, FAILED = "pending", "completed", "failed"


class TransferRecord(Record):
    """A transfer between a merchant's master account and a sub-account. Times are Unix milliseconds.

    Attributes:
        lk: the list index's partition: its wallet's transfers.
        lv: its place there: its id.
        status: pending, completed, failed.
        kind: to_sub or to_master.
        wallet_id: the sub-account.
        currency: the currency's code.
        units: in its smallest units.
        repaid: how much of it went to what the receiving account owed.
        callback_url: where its event goes, or None for the tenant's.
        error: why it failed.
        completed_at: when it was completed or failed.
    """

    lk = UnicodeAttribute()
    lv = UnicodeAttribute()
    status = UnicodeAttribute(attr_name="s")
    kind = UnicodeAttribute(attr_name="k")
    wallet_id = UnicodeAttribute(attr_name="w")
    currency = UnicodeAttribute(attr_name="c")
    units = IntegerAttribute(attr_name="u")
    repaid = IntegerAttribute(attr_name="r", default=0)
    callback_url = UnicodeAttribute(attr_name="cb", null=True)
    error = UnicodeAttribute(attr_name="e", null=True)
    created_at = IntegerAttribute(attr_name="ca")
    completed_at = OptionalIntegerAttribute(attr_name="x")

    @property
    def source(self) -> str:
        """The account that gives."""
        return MASTER if self.kind == TO_SUB else wallet_account(self.wallet_id)

    @property
    def target(self) -> str:
        """The account that receives."""
        return wallet_account(self.wallet_id) if self.kind == TO_SUB else MASTER

    @property
    def sides(self) -> tuple[Entry, ...]:
        """Its entries; none while it waits, or when it failed."""
        if self.status != COMPLETED:
            return ()
        return entries_of(
            (self.source, self.units), (self.target, self.repaid - self.units), (RECEIVABLE, -self.repaid)
        )


def part_of(transfer_id: str) -> int:
    """Return the part whose partition a transfer lies in, from its id; what is no id means the first."""
    digit = transfer_id[-1:]
    return int(digit, 16) if digit in set("0123456789abcdef") else 0


def key_of(tenant_id: str, transfer_id: str) -> Key:
    """Return where a transfer is."""
    return keys.transfer(tenant_id, part_of(transfer_id), transfer_id)
