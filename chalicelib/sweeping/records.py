"""What sweeping keeps: an item for each deposit account on which money lies that has not come home yet."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write, delete, put


class HoldingRecord(Record):
    """Money on a deposit account of one blockchain. It goes when all of it is home.

    An account has one open move at most: what one token's move needs of its gas, another's cannot take away.

    Attributes:
        key_path: the account's key below the account of all deposits.
        payment: ``merchant#payment`` that its address was made for.
        tokens: symbols of what was seen to arrive and may lie there.
        version: counts the changes.
        since: when it was noted, in Unix seconds.
        move: the withdrawal that moves something for it now; none while nothing does.
        moved: the token that an open or just completed sweep takes, and
        rest: how much of it is meant to stay at most.
        failures: moves in a row that came to nothing.
        lk: the list index's partition: the blockchain's holdings by when to look at them, and
        lv: when, in Unix seconds of twelve digits.
    """

    key_path = UnicodeAttribute(attr_name="k")
    payment = UnicodeAttribute(attr_name="p")
    tokens = CompactJsonAttribute(attr_name="t")
    version = IntegerAttribute(attr_name="v")
    since = IntegerAttribute(attr_name="at")
    move = UnicodeAttribute(attr_name="m", null=True)
    moved = UnicodeAttribute(attr_name="mt", null=True)
    rest = OptionalIntegerAttribute(attr_name="r")
    failures = OptionalIntegerAttribute(attr_name="f")
    lk = UnicodeAttribute()
    lv = UnicodeAttribute()

    @property
    def address(self) -> str:
        """The account's address."""
        return self.sk

    def look_at(self, at: float) -> None:
        """Say when to look at it, in Unix seconds."""
        self.lv = due_text(at)

    def changed(self) -> Write:
        """Return the write of its change, on the condition that it is still the one that was read."""
        seen_version = self.version
        self.version = seen_version + 1
        return put(self, HoldingRecord.version == seen_version)

    def gone(self) -> Write:
        """Return the write of its end, on the same condition."""
        return delete(self.key, HoldingRecord.version == self.version)


class PaymentView(Record):
    """A payment, as far as sweeping wants to know it: which deposit address it has."""

    address_index = IntegerAttribute(attr_name="i")
    address = UnicodeAttribute(attr_name="a")


def due_text(at: float) -> str:
    """Write a time so that texts are in the order of times."""
    return f"{int(at):012d}"
