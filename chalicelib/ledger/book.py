"""From a decided posting to writes: value conditions only, so that a hot account is not a queue.

The database adds the difference and demands just what the decision rested on: enough available, the debt as seen.
"""

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.ledger.balance import Balance, BalanceChange, Posting
from chalicelib.ledger.records import BalanceRecord, MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.store import Store
from chalicelib.storage.unit_of_work import ConflictError, Refusal, Write, create, update


def read_balance(store: Store, tenant_id: str, account: str, currency: str) -> Balance:
    """Return what an account has now."""
    record = store.get(BalanceRecord, keys.balance(tenant_id, account, currency))
    return record.balance if record else Balance()


def movement(
    tenant_id: str,
    movement_id: str,
    kind: str,
    currency: str,
    posting: Posting,
    *,
    gross_units: int,
    fee_units: int,
    reference: str,
    now: float,
    detail: object = None,
) -> MovementRecord:
    """Return the journal row of a posting."""
    pk, sk = keys.movement(tenant_id, movement_id)
    change = posting.changes[0]
    return MovementRecord(
        pk=pk,
        sk=sk,
        kind=kind,
        account=change.account,
        currency=currency,
        amount=change.amount_units,
        gross=gross_units,
        fee=fee_units,
        entries={entry.account: entry.units for entry in posting.entries},
        reference=reference,
        detail=detail,
        created_at=int(now * 1000),
    )


def writes(tenant_id: str, row: MovementRecord, posting: Posting, refusal: Refusal | None = None) -> list[Write]:
    """Return the writes of one movement: its journal row, once, and every balance that it changes.

    Args:
        tenant_id: the merchant.
        row: the journal row.
        posting: what was decided.
        refusal: what it means when the journal has the row already.
    """
    return [
        create(row, refusal or ConflictError(f"{row.sk} is booked already")),
        *(balance_write(tenant_id, row.currency, change) for change in posting.changes),
    ]


def balance_write(tenant_id: str, currency: str, change: BalanceChange, refusal: Refusal | None = None) -> Write:
    """Return the write that changes one balance, on the conditions that its decision rested on."""
    key = keys.balance(tenant_id, change.account, currency)
    return update(key, _additions(change.delta), _demanded(change), refusal)


def _additions(delta: Balance) -> list[Action]:
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


def _demanded(change: BalanceChange) -> Condition:
    """Return what must still be so: the debt as seen, and enough to take (exactly that, when all of it went)."""
    before, delta = change.before, change.delta
    owed = BalanceRecord.owed
    condition: Condition = (
        (owed == before.owed_units) if before.owed_units else (owed.does_not_exist() | (owed == 0))
    )
    if delta.owed_units > 0:
        available = BalanceRecord.available
        exact = available == before.available_units
        condition &= exact if before.available_units else (available.does_not_exist() | exact)
        return condition
    if delta.available_units < 0:
        condition &= BalanceRecord.available >= -delta.available_units
    if delta.pending_units < 0:
        condition &= BalanceRecord.pending >= -delta.pending_units
    return condition
