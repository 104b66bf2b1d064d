"""The numbering writer: puts a tenant's events and movements in one order, gap-free, after their commits.

A log page is an intent: written first, in the one place after the last page, on the condition that no other
writer was there; then its events and history rows follow, each put once. Whoever comes next completes the last
page before adding another, so two writers, or one that died, never leave a gap. What has been told is known by
its event (or by a mark on its journal row), so the same wake-up twice adds nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.ledger.records import MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, create, update
from chalicelib.tenants.settings import settings_of
from chalicelib.webhooks import events, pages
from chalicelib.webhooks.events import EventRecord, PendingEvent, Telling
from chalicelib.webhooks.pages import LogPage

ATTEMPTS = 12
TELLINGS_IN_ONE_PAGE = 40

Untold = Sequence[tuple[str, Telling]]


def number(env: Environment, tenant_id: str, subjects: Sequence[str]) -> None:
    """Give numbers to all that these subjects have to tell, and have the new events sent.

    Args:
        env: the environment.
        tenant_id: the merchant.
        subjects: names such as ``payment:<id>``; each is read anew.

    Raises:
        StorageUnavailableError, ConflictError: the wake-up comes again; nothing is numbered twice.
    """
    for _ in range(ATTEMPTS):
        last = pages.last(env, tenant_id)
        if last is not None:
            _complete(env, tenant_id, last)
        untold = _untold(env, tenant_id, subjects)
        if not untold:
            return
        page = pages.following(env, tenant_id, last, untold[:TELLINGS_IN_ONE_PAGE])
        with suppress(ConflictError):  # another writer was there first: complete its page, look again
            env.store.commit(create(page))
            _write_out(env, tenant_id, page, {telling.key: telling for _, telling in untold})
    raise ConflictError("this tenant's events are numbered by too many at once")


def read_tellings(env: Environment, tenant_id: str, subject: str) -> list[Telling]:
    """Return what a subject has to tell, told already or not."""
    kind, _, subject_id = subject.partition(":")
    read = env.subjects[kind]
    found: list[Telling] = read(env, tenant_id, subject_id)
    return found


def _untold(env: Environment, tenant_id: str, subjects: Sequence[str]) -> list[tuple[str, Telling]]:
    candidates = [
        (subject, telling)
        for subject in dict.fromkeys(subjects)
        for telling in read_tellings(env, tenant_id, subject)
    ]
    named = [keys.event(tenant_id, telling.key) for _, telling in candidates if telling.event]
    told = env.store.get_raw(named) if named else {}
    return [one for one in candidates if keys.event(tenant_id, one[1].key) not in told]


def _complete(env: Environment, tenant_id: str, page: LogPage) -> None:
    """Write out what a page promised and its writer did not live to write; nearly always nothing."""
    promised = {keys.event(tenant_id, key): key for _, key, sequence in page.told if sequence is not None}
    promised |= {keys.history_row(tenant_id, row[0], row[1]): "" for row in page.rows or []}
    there = env.store.get_raw(list(promised))
    marks = [key for _, key, sequence in page.told if sequence is None]
    if len(there) == len(promised) and not marks:
        return
    subjects = dict.fromkeys(subject for subject, _, _ in page.told)
    tellings = {one.key: one for subject in subjects for one in read_tellings(env, tenant_id, subject)}
    _write_out(env, tenant_id, page, tellings)


def _write_out(env: Environment, tenant_id: str, page: LogPage, tellings: Mapping[str, Telling]) -> None:
    """Put a page's history rows and events, each once, and have the events sent.

    The rows come first: who hears of a credit finds it in the history.
    """
    for account, row_number, movement_id, balances in page.rows or []:
        movement = env.store.get(MovementRecord, keys.movement(tenant_id, movement_id))
        assert movement is not None, "a page names movements that are in the journal"
        assert movement.account == account, "a movement stays in its account"
        with suppress(ConflictError):
            env.store.commit(create(history.row(tenant_id, movement, row_number, balances)))
    for _, key, sequence in page.told:
        telling = tellings.get(key)
        if telling is None:
            continue  # written out before, and dropped by its subject since
        if telling.event is None:
            _mark_numbered(env, tenant_id, telling, page.first)
        else:
            _put_event(env, tenant_id, telling.event, sequence)


def _mark_numbered(env: Environment, tenant_id: str, telling: Telling, first: int) -> None:
    for movement_id in telling.movement_ids:
        numbered = MovementRecord.numbered
        with suppress(ConflictError):
            env.store.commit(
                update(keys.movement(tenant_id, movement_id), [numbered.set(first)], numbered.does_not_exist())
            )


def _put_event(env: Environment, tenant_id: str, event: PendingEvent, sequence: int) -> None:
    url = event.url or settings_of(env, tenant_id).callback_url
    pk, sk = keys.event(tenant_id, event.event_id)
    record = EventRecord(
        pk=pk,
        sk=sk,
        sequence=sequence,
        name=event.name,
        packed_body=events.pack(events.body_of(event, sequence)),
        url=url,
        delivery=events.PENDING if url else events.NONE,
        created_at=int(env.clock.now() * 1000),
    )
    with suppress(ConflictError):
        env.store.commit(create(record))
        if url:
            env.queues.deliver(tenant_id, event.event_id)
