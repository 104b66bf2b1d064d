"""Balances and the journal as items."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import Entry
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Record


class BalanceRecord(Record):
    """What one account of a merchant has in one currency; the sort key is ``account#currency``.

    A hot account is split into parts (``account#currency#part``, the first one without a number): what is held,
    owed and taken as fees stands in the first, what is available in all of them.

    Attributes:
        available: free to leave; of this part.
        pulled: net units that this part got from others; over all parts they add up to nothing.
        parts: on the first part: how many there are; one, when it is not there.
        indebted: on the others, while the account owes: nothing may come in here, it goes to the debt.
    """

    available = IntegerAttribute(default=0)
    pending = IntegerAttribute(default=0)
    owed = IntegerAttribute(default=0)
    fees_taken = IntegerAttribute(default=0)
    pulled = IntegerAttribute(default=0)
    parts = OptionalIntegerAttribute()
    indebted = OptionalIntegerAttribute()

    @property
    def account(self) -> str:
        """The account's name."""
        return self.sk.split("#")[0]

    @property
    def currency(self) -> str:
        """The currency's code."""
        return self.sk.split("#")[1]

    @property
    def part(self) -> int:
        """Which part of the account it is."""
        return int([*self.sk.split("#"), "0"][2])

    @property
    def balance(self) -> Balance:
        """The balance as the rules know it."""
        return Balance(self.available, self.pending, self.owed, self.fees_taken)


class MovementRecord(Record):
    """One movement in a merchant's journal: written once, never changed, corrected by another one.

    Attributes:
        kind: as the balance history names it: deposit, reversal, …
        account: the merchant account that it changes.
        amount: the signed change of that account's amount, in smallest units.
        gross: all that moved.
        fee: the platform's part.
        entries: both sides, as account to signed units (debit +, credit −).
        reference: what it is about: a payment, a transaction.
        detail: what the room that made it wants to know again.
        numbered: set when it has its place in the history and no event stands for it.
    """

    kind = UnicodeAttribute(attr_name="k")
    account = UnicodeAttribute(attr_name="a")
    currency = UnicodeAttribute(attr_name="c")
    amount = IntegerAttribute(attr_name="m")
    gross = IntegerAttribute(attr_name="g")
    fee = IntegerAttribute(attr_name="f")
    entries = CompactJsonAttribute(attr_name="e")
    reference = UnicodeAttribute(attr_name="r")
    detail = CompactJsonAttribute(attr_name="d", null=True)
    created_at = IntegerAttribute(attr_name="at")
    numbered = OptionalIntegerAttribute(attr_name="n")

    @property
    def sides(self) -> list[Entry]:
        """Its entries as the rules know them."""
        return [Entry(account, units) for account, units in self.entries.items()]
