"""The pages of a tenant's log: which event has which number, in an append-only chain that writers agree on.

A page's key follows from the page before it, so two writers always want the same place, and one of them gets it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.ledger.records import MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.webhooks.events import Telling


class LogPage(Record):
    """A run of a tenant's numbers.

    Attributes:
        first: the number of its first event.
        events: how many events it numbers.
        told: ``[subject, telling's key, number or none]`` of each telling, in order.
        rows: ``[account, row number, movement id, balances after it]`` of each history row.
    """

    first = IntegerAttribute(attr_name="f")
    events = IntegerAttribute(attr_name="n")
    told = CompactJsonAttribute(attr_name="t")
    rows = CompactJsonAttribute(attr_name="r", null=True)

    @property
    def next_key(self) -> tuple[int, int]:
        """The first number, and the place among pages that start with it, of the page after this one."""
        return (self.first + self.events, 0) if self.events else (self.first, int(self.sk.partition("#")[2]) + 1)


def last(env: Environment, tenant_id: str) -> LogPage | None:
    """Return the newest page."""
    page = env.store.query(LogPage, keys.log(tenant_id), limit=1, newest_first=True)
    return page.records[0] if page.records else None


def following(
    env: Environment, tenant_id: str, before: LogPage | None, tellings: Sequence[tuple[str, Telling]]
) -> LogPage:
    """Return the page that numbers these tellings, to be stored in the one place after the page before."""
    first, place = before.next_key if before else (1, 0)
    told: list[Any] = []
    events = 0
    for subject, telling in tellings:
        told.append([subject, telling.key, first + events if telling.event else None])
        events += telling.event is not None
    movement_ids = [movement_id for _, telling in tellings for movement_id in telling.movement_ids]
    pk, sk = keys.log_page(tenant_id, first, place)
    rows = list(_rows(env, tenant_id, movement_ids)) or None
    return LogPage(pk=pk, sk=sk, first=first, events=events, told=told, rows=rows)


def _rows(env: Environment, tenant_id: str, movement_ids: Sequence[str]) -> Iterable[list[Any]]:
    """Number the history rows of these movements, account by account, on from the newest row of each."""
    if not movement_ids:
        return
    wanted = [keys.movement(tenant_id, movement_id) for movement_id in movement_ids]
    movements = env.store.get_many(MovementRecord, wanted)
    newest: dict[str, tuple[int, dict[str, int]]] = {}
    for key in wanted:
        movement = movements[key]
        if movement.account not in newest:
            row = history.newest(env, tenant_id, movement.account)
            newest[movement.account] = (row.number, row.balances) if row else (0, {})
        number, balances = newest[movement.account]
        after = {**balances, movement.currency: balances.get(movement.currency, 0) + movement.amount}
        newest[movement.account] = (number + 1, after)
        yield [movement.account, number + 1, movement.sk, after]
