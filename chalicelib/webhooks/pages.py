"""The pages of a tenant's log: which event has which number, in an append-only chain that writers agree on.

A page's key follows from the page before it, so two writers always want the same place, and one of them gets it.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.tenants.settings import settings_of
from chalicelib.webhooks import places
from chalicelib.webhooks.events import ClassChange, PendingEvent, Telling
from chalicelib.webhooks.side_by_side import SideBySide
from chalicelib.webhooks.targets import endpoint_of

TELLINGS_IN_ONE_PAGE = 100


class LogPage(Record):
    """A run of a tenant's numbers.

    Attributes:
        first: the number of its first event.
        events: how many events it numbers.
        told: ``[subject, telling's key, number or none]`` of each telling, in order.
        rows: ``[account, row number, movement id, balances after it]`` of each history row.
        changed: ``[list, row, class before, class after]`` of each object that its lists file elsewhere now.
        url: the tenant's URL when the page was made, if any of its events goes there.
        silent: the numbers of its events that go nowhere.
        silent_before: how many events before this page went nowhere.
        places: ``[endpoint, Unix seconds]`` of the places given to events, until when each may be in use.
        placed: the numbers of its events that were given a place.
        places_until: Unix seconds until which these may begin their first attempt.
    """

    first = IntegerAttribute(attr_name="f")
    events = IntegerAttribute(attr_name="n")
    told = CompactJsonAttribute(attr_name="t")
    rows = CompactJsonAttribute(attr_name="r", null=True)
    changed = CompactJsonAttribute(attr_name="c", null=True)
    url = UnicodeAttribute(attr_name="u", null=True)
    silent = CompactJsonAttribute(attr_name="s", null=True)
    silent_before = IntegerAttribute(attr_name="b", null=True)
    places = CompactJsonAttribute(attr_name="p", null=True)
    placed = CompactJsonAttribute(attr_name="w", null=True)
    places_until = IntegerAttribute(attr_name="l", null=True)

    @property
    def silent_until(self) -> int:
        """How many events went nowhere up to the end of this page."""
        return (self.silent_before or 0) + len(self.silent or [])

    @property
    def deliveries_before(self) -> int:
        """How many events before this page went somewhere: each is a delivery."""
        return self.first - 1 - (self.silent_before or 0)

    @property
    def deliveries(self) -> list[str]:
        """The events of this page that went somewhere, in their order."""
        silent = set(self.silent or ())
        return [str(key) for _, key, number in self.told if number is not None and number not in silent]

    @property
    def deliveries_until(self) -> int:
        """How many deliveries there are up to the end of this page."""
        return self.deliveries_before + self.events - len(self.silent or [])

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


def numbered_between(env: Environment, tenant_id: str, low: int, high: int) -> dict[int, str]:
    """Return the ids of a tenant's events by their numbers, from ``low`` to ``high``; what it costs is bounded."""
    # A page that starts further below ends below.
    first = max(1, low - TELLINGS_IN_ONE_PAGE + 1)
    span = Record.sk.between(keys.log_page(tenant_id, first, 0).sk, keys.log_page(tenant_id, high, 0).sk + "~")
    told = [one for page in env.store.query_all(LogPage, keys.log(tenant_id), span) for one in page.told]
    return {number: key for _, key, number in told if number is not None and low <= number <= high}


def following(
    env: Environment, tenant_id: str, before: LogPage | None, tellings: Sequence[tuple[str, Telling]]
) -> LogPage:
    """Return the page that numbers these tellings, to be stored in the one place after the page before."""
    first, place = before.next_key if before else (1, 0)
    # Those without an event come first: a page with events is complete once its last one is there.
    ordered = sorted(tellings, key=lambda one: one[1].event is not None)
    told: list[Any] = []
    numbered: list[tuple[PendingEvent, int]] = []
    for subject, telling in ordered:
        number = None
        if telling.event:
            number = first + len(numbered)
            numbered.append((telling.event, number))
        told.append([subject, telling.key, number])
    changes = [telling.change for _, telling in ordered if telling.change]
    pk, sk = keys.log_page(tenant_id, first, place)
    page = LogPage(
        pk=pk,
        sk=sk,
        first=first,
        events=len(numbered),
        told=told,
        rows=list(_rows(env, tenant_id, [telling for _, telling in ordered])) or None,
        changed=[[one.list_name, one.row, one.before, one.after] for one in changes] or None,
        silent_before=(before.silent_until or None) if before else None,
    )
    _address(env, tenant_id, before, page, numbered)
    return page


def _address(
    env: Environment,
    tenant_id: str,
    before: LogPage | None,
    page: LogPage,
    numbered: Sequence[tuple[PendingEvent, int]],
) -> None:
    """Settle where a page's events go, for whoever writes them out, and which may go without a lease."""
    url = settings_of(env, tenant_id).callback_url
    if url and any(event.url is None for event, _ in numbered):
        page.url = url
    page.silent = [number for event, number in numbered if not (event.url or url)] or None
    going = [(number, event.url or url) for event, number in numbered]
    targets = [(number, endpoint_of(env, goes_to)) for number, goes_to in going if goes_to]
    given = places.give(before.places or [] if before else [], targets, int(env.clock.now()))
    page.places, page.placed = given.in_use or None, given.numbers or None
    page.places_until = given.begin_by if given.numbers else None


def _rows(env: Environment, tenant_id: str, tellings: Sequence[Telling]) -> Iterable[list[Any]]:
    """Number these movements' history rows, account by account, on from the newest row of each."""
    all_moved = [moved for telling in tellings for moved in telling.rows]
    if not all_moved:
        return
    accounts = list(dict.fromkeys(moved.account for moved in all_moved))
    found = env.keep(SideBySide).map(partial(history.newest, env, tenant_id), accounts)
    newest = {
        account: (row.number, row.balances) if row else (0, {})
        for account, row in zip(accounts, found, strict=True)
    }
    for moved in all_moved:
        number, balances = newest[moved.account]
        after = {**balances, moved.currency: balances.get(moved.currency, 0) + moved.amount_units}
        newest[moved.account] = (number + 1, after)
        yield [moved.account, number + 1, moved.movement_id, after]
