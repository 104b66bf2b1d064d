"""An account's history: its movements in one order, numbered, each with the balance after it.

Rows are written by the numbering writer alone. A row's number is its place, so that any offset is one look-up;
it carries the account's balances in every currency, so that the next row needs no other one than the last.
"""

from collections.abc import Mapping, Sequence

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.ledger.records import MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.webhooks.events import Moved, Telling


class HistoryRecord(Record):
    """One row: what a movement did to one account. Amounts are smallest units, times Unix milliseconds."""

    movement_id = UnicodeAttribute(attr_name="i")
    kind = UnicodeAttribute(attr_name="k")
    currency = UnicodeAttribute(attr_name="c")
    amount = IntegerAttribute(attr_name="m")
    gross = IntegerAttribute(attr_name="g")
    fee = IntegerAttribute(attr_name="f")
    balances = CompactJsonAttribute(attr_name="b")
    reference = UnicodeAttribute(attr_name="r")
    created_at = IntegerAttribute(attr_name="at")

    @property
    def number(self) -> int:
        """The row's place in its account's history, from 1."""
        return int(self.sk)

    @property
    def balance_after(self) -> int:
        """What the account had in the row's currency after it."""
        return int(self.balances[self.currency])


def newest(env: Environment, tenant_id: str, account: str) -> HistoryRecord | None:
    """Return an account's newest row."""
    page = env.store.query(HistoryRecord, keys.history(tenant_id, account), limit=1, newest_first=True)
    return page.records[0] if page.records else None


def row(tenant_id: str, moved: Moved, number: int, balances: dict[str, int]) -> HistoryRecord:
    """Return the row of a movement, given its number and the account's balances after it."""
    pk, sk = keys.history_row(tenant_id, moved.account, number)
    return HistoryRecord(
        pk=pk,
        sk=sk,
        movement_id=moved.movement_id,
        kind=moved.kind,
        currency=moved.currency,
        amount=moved.amount_units,
        gross=moved.gross_units,
        fee=moved.fee_units,
        balances=balances,
        reference=moved.reference,
        created_at=moved.at,
    )


def moved_by(movement: MovementRecord) -> Moved:
    """Return what a journal row tells its account's history."""
    return Moved(
        movement_id=movement.sk,
        account=movement.account,
        kind=movement.kind,
        currency=movement.currency,
        amount_units=movement.amount,
        gross_units=movement.gross,
        fee_units=movement.fee,
        reference=movement.reference,
        at=movement.created_at,
    )


def movements(env: Environment, tenant_id: str, movement_ids: Sequence[str]) -> dict[str, MovementRecord]:
    """Return journal rows by their ids, in one look-up."""
    wanted = [keys.movement(tenant_id, movement_id) for movement_id in movement_ids]
    found = env.store.get_many(MovementRecord, wanted) if wanted else {}
    return {key.sk: record for key, record in found.items()}


def tellings(env: Environment, tenant_id: str, movement_ids: Sequence[str]) -> Mapping[str, list[Telling]]:
    """Return what movements without an event have to tell: a history row each, once."""
    return {
        movement_id: [Telling(movement_id, None, (moved_by(record),))]
        for movement_id, record in movements(env, tenant_id, movement_ids).items()
        if record.numbered is None
    }
