"""An account's history: its movements in one order, numbered, each with the balance after it.

Rows are written by the numbering writer alone. A row's number is its place, so that any offset is one look-up;
it carries the account's balances in every currency, so that the next row needs no other one than the last.
"""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.ledger.records import MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.webhooks.events import Telling


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


def row(tenant_id: str, movement: MovementRecord, number: int, balances: dict[str, int]) -> HistoryRecord:
    """Return the row of a movement, given its number and the account's balances after it."""
    pk, sk = keys.history_row(tenant_id, movement.account, number)
    return HistoryRecord(
        pk=pk,
        sk=sk,
        movement_id=movement.sk,
        kind=movement.kind,
        currency=movement.currency,
        amount=movement.amount,
        gross=movement.gross,
        fee=movement.fee,
        balances=balances,
        reference=movement.reference,
        created_at=movement.created_at,
    )


def tellings(env: Environment, tenant_id: str, movement_id: str) -> list[Telling]:
    """Return what a movement without an event has to tell: a history row, once."""
    movement = env.store.get(MovementRecord, keys.movement(tenant_id, movement_id))
    if movement is None or movement.numbered is not None:
        return []
    return [Telling(movement_id, None, (movement_id,))]
