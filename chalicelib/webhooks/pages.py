"""The pages of a tenant's log: which event has which number, in an append-only chain that writers agree on.

A page's key follows from the page before it, so two writers always want the same place, and one of them gets it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.webhooks.events import ClassChange, Telling


class LogPage(Record):
    """A run of a tenant's numbers.

    Attributes:
        first: the number of its first event.
        events: how many events it numbers.
        told: ``[subject, telling's key, number or none]`` of each telling, in order.
        rows: ``[account, row number, movement id, balances after it]`` of each history row.
        changed: ``[list, row, class before, class after]`` of each object that its lists file elsewhere now.
    """

    first = IntegerAttribute(attr_name="f")
    events = IntegerAttribute(attr_name="n")
    told = CompactJsonAttribute(attr_name="t")
    rows = CompactJsonAttribute(attr_name="r", null=True)
    changed = CompactJsonAttribute(attr_name="c", null=True)

    @property
    def next_key(self) -> tuple[int, int]:
        """The first number, and the place among pages that start with it, of the page after this one."""
        return (self.first + self.events, 0) if self.events else (self.first, int(self.sk.partition("#")[2]) + 1)

    @property
    def last_event_id(self) -> str | None:
        """The event that its writer puts when all else of the page is written; None on a page without one."""
        return str(self.told[-1][1]) if self.events else None

    @property
    def class_changes(self) -> list[ClassChange]:
        """Its objects that moved from one class of their list to another, in order."""
        return [
            ClassChange(name, row, tuple(before), tuple(after)) for name, row, before, after in self.changed or []
        ]


def last(env: Environment, tenant_id: str) -> LogPage | None:
    """Return the newest page."""
    page = env.store.query(LogPage, keys.log(tenant_id), limit=1, newest_first=True)
    return page.records[0] if page.records else None


def following(
    env: Environment, tenant_id: str, before: LogPage | None, tellings: Sequence[tuple[str, Telling]]
) -> LogPage:
    """Return the page that numbers these tellings, to be stored in the one place after the page before."""
    first, place = before.next_key if before else (1, 0)
    # Those without an event come first: a page with events is complete once its last one is there.
    ordered = sorted(tellings, key=lambda one: one[1].event is not None)
    told: list[Any] = []
    events = 0
    for subject, telling in ordered:
        told.append([subject, telling.key, first + events if telling.event else None])
        events += telling.event is not None
    changes = [telling.change for _, telling in ordered if telling.change]
    pk, sk = keys.log_page(tenant_id, first, place)
    return LogPage(
        pk=pk,
        sk=sk,
        first=first,
        events=events,
        told=told,
        rows=list(_rows(env, tenant_id, [telling for _, telling in ordered])) or None,
        changed=[[one.list_name, one.row, one.before, one.after] for one in changes] or None,
    )


def _rows(env: Environment, tenant_id: str, tellings: Sequence[Telling]) -> Iterable[list[Any]]:
    """Number these movements' history rows, account by account, on from the newest row of each."""
    newest: dict[str, tuple[int, dict[str, int]]] = {}
    for moved in [moved for telling in tellings for moved in telling.rows]:
        if moved.account not in newest:
            row = history.newest(env, tenant_id, moved.account)
            newest[moved.account] = (row.number, row.balances) if row else (0, {})
        number, balances = newest[moved.account]
        after = {**balances, moved.currency: balances.get(moved.currency, 0) + moved.amount_units}
        newest[moved.account] = (number + 1, after)
        yield [moved.account, number + 1, moved.movement_id, after]
