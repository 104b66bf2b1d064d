"""What the tenant's log tells of a list since its last compaction: which rows changed their class, and how."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition

from chalicelib.environment import Environment
from chalicelib.lists.spec import Class, R, RowList
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.webhooks.pages import LogPage


@dataclass(frozen=True, slots=True)
class Told:
    """One change in the log, and where it stands: its page, and its place among that page's changes, from 1."""

    row: str
    before: Class
    after: Class
    page: str
    place: int


@dataclass(frozen=True, slots=True)
class Net:
    """What some changes of one row come to."""

    before: Class
    after: Class


@dataclass(frozen=True, slots=True)
class Since:
    """A list's changes behind a place in the log, in order, and how many tellings of all kinds lie there."""

    changes: Sequence[Told]
    tellings: int


def told_since(env: Environment, rows: RowList[R], applied: tuple[str, int], *, consistent: bool) -> Since:
    """Read what a tenant's log tells of a list behind a place in it.

    Args:
        env: the environment.
        rows: the list.
        applied: the place: a page, and how many of its changes are known (0: all).
        consistent: read what was committed last; else as it was a moment ago, at half the price.
    """
    page, done = applied
    since: Condition | None = None
    if page:
        since = Record.sk >= page if done else Record.sk > page
    pages = list(env.store.query_all(LogPage, keys.log(rows.tenant_id), since, consistent=consistent))
    changes = [one for told in pages for one in _of_page(rows.name, told)]
    known = [one for one in changes if one.page == page and one.place <= done]
    return Since(changes[len(known) :], sum(len(told.told) for told in pages))


def net(told: Iterable[Told]) -> dict[str, Net]:
    """Return what changes come to, row by row."""
    found: dict[str, Net] = {}
    for one in told:
        known = found.get(one.row)
        found[one.row] = Net(known.before if known else one.before, one.after)
    return found


def _of_page(name: str, page: LogPage) -> Sequence[Told]:
    return [
        Told(change.row, change.before, change.after, page.sk, place)
        for place, change in enumerate(page.class_changes, 1)
        if change.list_name == name
    ]
