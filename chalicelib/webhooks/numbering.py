"""The numbering writer: puts a tenant's events and movements in one order, gap-free, after their commits.

A log page is an intent: written first, in the one place after the last page, on the condition that no other
writer was there; then its history rows and events follow, each once. Whoever comes next completes the last
page before adding another, so two writers, or one that died, never leave a gap. What has been told is known by
its event (or by a mark on its journal row), so the same wake-up twice adds nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from chalicelib import acting
from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.ledger.history import HistoryRecord
from chalicelib.ledger.records import MovementRecord
from chalicelib.lists import upkeep
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, create, update
from chalicelib.webhooks import events, pages
from chalicelib.webhooks.directory import run_of
from chalicelib.webhooks.events import EventRecord, PendingEvent, Telling
from chalicelib.webhooks.pages import TELLINGS_IN_ONE_PAGE, LogPage
from chalicelib.webhooks.side_by_side import SideBySide

ATTEMPTS = 12  # without getting on

Untold = Sequence[tuple[str, Telling]]


@acting.for_its_tenant
def number(env: Environment, tenant_id: str, subjects: Sequence[str]) -> None:
    """Give numbers to all that these subjects have to tell, and have the new events sent.

    Args:
        env: the environment.
        tenant_id: the merchant.
        subjects: names such as ``payment:<id>``; each is read anew.

    Raises:
        StorageUnavailableError, ConflictError: the wake-up comes again; nothing is numbered twice.
    """
    written, last = _number(env, tenant_id, subjects)
    upkeep.after_numbering(env, tenant_id, subjects, written, last)


def _number(env: Environment, tenant_id: str, subjects: Sequence[str]) -> tuple[list[LogPage], LogPage | None]:
    """Return the pages that were written, and the log's last page, all of it written out."""
    written: list[LogPage] = []
    own: LogPage | None = None
    beaten = 0
    while beaten < ATTEMPTS:
        last = pages.last(env, tenant_id)
        if last is not None and (own is None or last.key != own.key):
            _complete(env, tenant_id, last)
        untold = _untold(env, tenant_id, subjects)
        if not untold:
            return written, last
        page = pages.following(env, tenant_id, last, untold[:TELLINGS_IN_ONE_PAGE])
        try:
            env.store.commit(create(page))
        except ConflictError:  # another writer was there first: complete its page, look again
            beaten += 1
            continue
        _write_out(env, tenant_id, page, {telling.key: telling for _, telling in untold})
        own, beaten = page, 0
        written.append(page)
        if len(untold) <= TELLINGS_IN_ONE_PAGE:
            return written, page
    raise ConflictError("this tenant's events are numbered by too many at once")


def read_tellings(env: Environment, tenant_id: str, subjects: Sequence[str]) -> list[tuple[str, Telling]]:
    """Return what subjects have to tell, told already or not, in the subjects' order."""
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for subject in dict.fromkeys(subjects):
        kind, _, subject_id = subject.partition(":")
        by_kind[kind].append(subject_id)
    read = {kind: env.subjects[kind](env, tenant_id, ids) for kind, ids in by_kind.items()}
    found: list[tuple[str, Telling]] = []
    for subject in dict.fromkeys(subjects):
        kind, _, subject_id = subject.partition(":")
        found += [(subject, telling) for telling in read[kind].get(subject_id, ())]
    return found


def _untold(env: Environment, tenant_id: str, subjects: Sequence[str]) -> list[tuple[str, Telling]]:
    candidates = read_tellings(env, tenant_id, subjects)
    named = [keys.event(tenant_id, telling.key) for _, telling in candidates if telling.event]
    told = env.store.get_raw(named) if named else {}
    return [one for one in candidates if keys.event(tenant_id, one[1].key) not in told]


def _complete(env: Environment, tenant_id: str, page: LogPage) -> None:
    """Write out what a page promised and its writer did not live to write; nearly always nothing."""
    last_event = page.last_event_id
    if last_event and env.store.get(EventRecord, keys.event(tenant_id, last_event)) is not None:
        return
    tellings = read_tellings(env, tenant_id, [subject for subject, _, _ in page.told])
    _write_out(env, tenant_id, page, {telling.key: telling for _, telling in tellings})


def _write_out(env: Environment, tenant_id: str, page: LogPage, tellings: Mapping[str, Telling]) -> None:
    """Put a page's history rows and events, each once, and have the events sent.

    The rows come first: who hears of a credit finds it in the history. The last event comes last: it says that
    the page is complete.
    """
    # What a page names and nobody tells any more was written out before, and dropped by its subject since.
    told = [(tellings[key], number) for _, key, number in page.told if key in tellings]
    run = run_of(tenant_id, page)
    rows = _history_rows(tenant_id, page, [telling for telling, _ in told])
    env.store.put_all([*rows, *([run] if run else [])])
    for telling, number in told:
        if number is None:
            _mark_numbered(env, tenant_id, telling, page.first)
    numbered = [(telling.event, number) for telling, number in told if telling.event]
    _put_events(env, tenant_id, page, numbered[:-1])
    _put_events(env, tenant_id, page, numbered[-1:])


def _history_rows(tenant_id: str, page: LogPage, tellings: Sequence[Telling]) -> list[HistoryRecord]:
    moved = {(one.account, one.movement_id): one for telling in tellings for one in telling.rows}
    return [
        history.row(tenant_id, moved[account, movement_id], row_number, balances)
        for account, row_number, movement_id, balances in page.rows or []
        if (account, movement_id) in moved
    ]


def _mark_numbered(env: Environment, tenant_id: str, telling: Telling, first: int) -> None:
    numbered = MovementRecord.numbered
    unmarked = MovementRecord.pk.exists() & numbered.does_not_exist()  # a mark makes no row of the journal
    for movement_id in dict.fromkeys(moved.movement_id for moved in telling.rows):
        with suppress(ConflictError):
            env.store.commit(update(keys.movement(tenant_id, movement_id), [numbered.set(first)], unmarked))


def _put_events(
    env: Environment, tenant_id: str, page: LogPage, numbered: Sequence[tuple[PendingEvent, int]]
) -> None:
    """Put events, each once, side by side when they are many, and have those sent that have somewhere to go."""
    made = env.keep(SideBySide).map(partial(_put_event, env, tenant_id, page), numbered)
    due = [event_id for event_id in made if event_id]
    if len(due) == 1:
        env.queues.deliver(tenant_id, due[0])
    elif due:
        env.queues.deliver_many(tenant_id, due)


def _put_event(env: Environment, tenant_id: str, page: LogPage, numbered: tuple[PendingEvent, int]) -> str | None:
    """Put one event; return its id when this was the first time and it is to be sent."""
    event, sequence = numbered
    url = event.url or page.url
    pk, sk = keys.event(tenant_id, event.event_id)
    record = EventRecord(
        pk=pk,
        sk=sk,
        sequence=sequence,
        name=event.name,
        packed_body=events.pack(events.body_of(event, sequence)),
        url=url,
        is_tenants_url=True if url and not event.url else None,
        place_until=page.places_until if sequence in (page.placed or ()) else None,
        delivery=events.PENDING if url else events.NONE,
        created_at=int(env.clock.now() * 1000),
    )
    try:
        env.store.commit(create(record))
    except ConflictError:
        return None
    return event.event_id if url else None
