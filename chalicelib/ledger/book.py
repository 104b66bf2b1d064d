"""From a decided posting to writes: value conditions only, so that a hot account is not a queue.

The database adds the difference and demands just what the decision rested on: enough available, the debt as seen.
"""

from collections.abc import Iterable

from pynamodb.expressions.condition import Condition

from chalicelib.ledger import parts
from chalicelib.ledger.balance import Balance, BalanceChange, Posting
from chalicelib.ledger.conditions import additions, has_exactly, owes
from chalicelib.ledger.part_writes import split_writes
from chalicelib.ledger.parts import SplitBalance
from chalicelib.ledger.records import BalanceRecord, MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.store import Store
from chalicelib.storage.unit_of_work import ConflictError, Refusal, Write, create, update


def read_balance(store: Store, tenant_id: str, account: str, currency: str) -> Balance:
    """Return what an account has now: one call; two where it is in parts."""
    first = store.get(BalanceRecord, keys.balance(tenant_id, account, currency))
    if first is None:
        return Balance()
    others = [keys.balance(tenant_id, account, currency, part) for part in range(1, first.parts or 1)]
    return balance_of([first, *(store.get_many(BalanceRecord, others).values() if others else ())])


def read_balances(
    store: Store, tenant_id: str, holders: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Balance]:
    """Return what accounts have now, each in one currency; accounts in parts take :func:`read_balance`."""
    wanted = {keys.balance(tenant_id, account, currency): (account, currency) for account, currency in holders}
    found = store.get_many(BalanceRecord, list(wanted)) if wanted else {}
    return {holder: found[key].balance if key in found else Balance() for key, holder in wanted.items()}


def balance_of(records: Iterable[BalanceRecord]) -> Balance:
    """Return the balance of one account and currency from the items that it has."""
    by_part = {record.part: record for record in records}
    first = by_part.get(0) or BalanceRecord()
    available_units = [by_part[part].available if part in by_part else 0 for part in range(first.parts or 1)]
    return parts.split(first.balance, available_units, sum(record.pulled for record in by_part.values()))


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
        *posting_writes(tenant_id, row.currency, posting),
    ]


def posting_writes(tenant_id: str, currency: str, posting: Posting, refusal: Refusal | None = None) -> list[Write]:
    """Return the writes of every balance that a posting changes, for movements with a journal row of their own."""
    return [write for change in posting.changes for write in balance_writes(tenant_id, currency, change, refusal)]


def balance_writes(
    tenant_id: str,
    currency: str,
    change: BalanceChange,
    refusal: Refusal | None = None,
    *,
    home: int | None = None,
    least_units: int = 0,
) -> list[Write]:
    """Return the writes that change one balance: a single one, save where an account in parts needs several.

    Args:
        tenant_id: the merchant.
        currency: the currency's code.
        change: what was decided, on the balance as :func:`read_balance` gave it.
        refusal: what it means when a condition fails; a conflict, unless said otherwise.
        home: for who changes one part of an account in parts again and again: that part gives and takes, and
            gets an even share of all when it runs short. Without one it is the first part.
        least_units: what must be available although less leaves in the end: changes folded into one.

    Raises:
        ConflictError: the parts were read while money moved between them: read again.
    """
    if isinstance(change.before, SplitBalance):
        return split_writes(tenant_id, currency, change, refusal, home=home, least_units=least_units)
    return [balance_write(tenant_id, currency, change, refusal, least_units=least_units)]


def balance_write(
    tenant_id: str, currency: str, change: BalanceChange, refusal: Refusal | None = None, *, least_units: int = 0
) -> Write:
    """Return the write that changes one balance in one part, on the conditions that its decision rested on."""
    assert not isinstance(change.before, SplitBalance), "an account in parts takes balance_writes()"
    key = keys.balance(tenant_id, change.account, currency)
    return update(key, additions(change.delta), _demanded(change, least_units), refusal)


def _demanded(change: BalanceChange, least_units: int) -> Condition:
    """Return what must still be so: the debt as seen, and enough to take (exactly that, when all of it went)."""
    before, delta = change.before, change.delta
    condition: Condition = owes(before.owed_units)
    if before.owed_units or delta.owed_units:
        # A debt reaches over all parts of an account: there must still be this one alone.
        condition &= BalanceRecord.parts.does_not_exist()
    if delta.owed_units > 0:
        condition &= has_exactly(before.available_units)
        return condition
    least_units = max(least_units, -delta.available_units)
    if least_units > 0:
        condition &= BalanceRecord.available >= least_units
    if delta.pending_units < 0:
        condition &= BalanceRecord.pending >= -delta.pending_units
    return condition
