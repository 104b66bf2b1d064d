"""What the audit keeps: its reports, what the operator vouched for, and what a re-scan leaves for the next."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record


class CustodyReport(Record):
    """One comparison of the books with the chains.

    Attributes:
        made_at: Unix seconds.
        body: the report as the operator is shown it; units are integers.
    """

    made_at = IntegerAttribute()
    body = CompactJsonAttribute()


class Capital(Record):
    """What lies on our addresses in one token and is no merchant's: the treasurer's, as the operator says.

    Attributes:
        units: how much; below zero where the books are known to hold more than the addresses.
        tolerance_units: how much less than it should be is no alarm.
    """

    units = IntegerAttribute(attr_name="u", default=0)
    tolerance_units = IntegerAttribute(attr_name="t", default=0)


class RescanState(Record):
    """What the audit of one chain's blocks remembers.

    Attributes:
        from_height: below it nothing was ever read for us, as far as the first audit could tell.
        suspects: address to the units of the gas coin that were there without a deposit, one run before.
    """

    from_height = IntegerAttribute()
    suspects = CompactJsonAttribute()


class BalanceReading(Record):
    """What a node said last that lies at an address of ours; the sort key is ``address#TOKEN``.

    Attributes:
        units: how much.
        mark: what our records said of the place then: while they say the same, nothing of ours has changed it.
    """

    units = IntegerAttribute(attr_name="u")
    mark = UnicodeAttribute(attr_name="m")
