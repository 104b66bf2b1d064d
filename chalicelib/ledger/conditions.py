"""What the writes of balances add, and what they demand, in DynamoDB's terms."""

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.ledger.balance import Balance
from chalicelib.ledger.records import BalanceRecord


def owes(units: int) -> Condition:
    """Demand that the account owes just as much as was seen."""
    owed = BalanceRecord.owed
    return (owed == units) if units else (owed.does_not_exist() | (owed == 0))


def has_exactly(units: int) -> Condition:
    """Demand that just as much is available as was seen."""
    exact = BalanceRecord.available == units
    return exact if units else (BalanceRecord.available.does_not_exist() | exact)


def additions(delta: Balance) -> list[Action]:
    """Return the additions that a change is made of."""
    later = (
        (BalanceRecord.pending, delta.pending_units),
        (BalanceRecord.owed, delta.owed_units),
        (BalanceRecord.fees_taken, delta.fees_taken_units),
    )
    # The first part is always written: a credit that goes to fees alone still makes the balance exist.
    return [
        BalanceRecord.available.add(delta.available_units),
        *(part.add(units) for part, units in later if units),
    ]
