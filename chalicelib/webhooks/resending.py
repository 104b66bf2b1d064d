"""Sending deliveries again: each gets a fresh schedule of attempts, added to those that it has had."""

from collections.abc import Sequence

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, InvalidStateError
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError, Write, put, update
from chalicelib.tenants import service as tenants
from chalicelib.webhooks import deliveries, events, pages
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.retries import RetryEntry
from chalicelib.webhooks.schedule import MAX_ATTEMPTS

RANGE_MAX = 1000  # events of one request
READ_AT_ONCE = 100
TOGETHER = 49  # deliveries of one commit: two writes each
ATTEMPTS_KEPT = 100  # of one delivery: its item stays small
BACKUP_SECONDS = 60  # should the queue lose the message, the sweep comes by
AGAIN = 3


def resend(env: Environment, tenant_id: str, delivery_id: str, key: IdempotencyKey | None = None) -> None:
    """Have one delivery made again, now; one that is due now anyhow is just set off.

    Raises:
        NotFoundError: the tenant has no such delivery.
        InvalidStateError: it has had as many attempts as are kept.
        AlreadyAnsweredError: a twin with the same key was faster.
        StorageUnavailableError: it is attempted at this moment; the request can be sent again.
    """
    for _ in range(AGAIN):
        record = deliveries.find(env, tenant_id, delivery_id)
        if not _has_room(record):
            raise InvalidStateError(f"This delivery has had {ATTEMPTS_KEPT} attempts; it is not sent again.")
        guards = [key.guard_write(delivery_id)] if key else []
        own_url = _tenants_url(env, tenant_id) if record.is_tenants_url else None
        writes = [*guards, *([] if _is_due(env, record) else _fresh(env, tenant_id, record, own_url))]
        try:
            if writes:
                env.store.commit(*writes)
        except ConflictError:  # an attempt was logged meanwhile
            continue
        env.queues.deliver(tenant_id, record.sk)
        return
    raise StorageUnavailableError("this delivery is attempted too often at once")


def resend_range(
    env: Environment, tenant_id: str, after: int, until: int, status: str | None, key: IdempotencyKey | None = None
) -> int:
    """Have the deliveries of a range of the log made again.

    A crash on the way leaves some of them done; the same request does the others, and harms none.

    Args:
        env: the environment.
        tenant_id: whose deliveries.
        after: the events above this number,
        until: up to and including this one; at most ``RANGE_MAX`` of them.
        status: only deliveries that stand so; None for all.
        key: the request's idempotency key.

    Returns:
        How many are made again.

    Raises:
        InvalidRequestError: the range is empty or too large.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    if not 0 < until - after <= RANGE_MAX:
        problem = f"must be 1 to {RANGE_MAX} above after"
        raise InvalidRequestError(f"A range has 1 to {RANGE_MAX} events.", details={"until": [problem]})
    accepted = 0
    own_url = _tenants_url(env, tenant_id)
    for low in range(after + 1, until + 1, READ_AT_ONCE):
        records = _range(env, tenant_id, low, min(until, low + READ_AT_ONCE - 1))
        chosen = [one for one in records if status in {None, one.delivery} and _has_room(one)]
        _begin_anew(env, tenant_id, chosen, own_url)
        env.queues.deliver_many(tenant_id, [one.sk for one in chosen])
        accepted += len(chosen)
    if key:
        env.store.commit(key.guard_write(str(accepted)))
    return accepted


def _range(env: Environment, tenant_id: str, low: int, high: int) -> list[EventRecord]:
    numbered = pages.numbered_between(env, tenant_id, low, high)
    named = [keys.event(tenant_id, event_id) for _, event_id in sorted(numbered.items())]
    found = env.store.get_many(EventRecord, named) if named else {}
    return [found[key] for key in named if key in found and found[key].url is not None]


def _begin_anew(env: Environment, tenant_id: str, records: Sequence[EventRecord], own_url: str | None) -> None:
    waiting = [one for one in records if not _is_due(env, one)]
    for start in range(0, len(waiting), TOGETHER):
        together = waiting[start : start + TOGETHER]
        writes = [write for one in together for write in _fresh(env, tenant_id, one, own_url)]
        try:
            env.store.commit(*writes)
        except ConflictError:  # one of them is attempted at this moment
            for one in together:
                _one_anew(env, tenant_id, one, own_url)


def _one_anew(env: Environment, tenant_id: str, record: EventRecord, own_url: str | None) -> None:
    for _ in range(AGAIN):
        if _is_due(env, record):
            return
        try:
            env.store.commit(*_fresh(env, tenant_id, record, own_url))
        except ConflictError:
            record = env.store.get(EventRecord, record.key) or record
            continue
        return
    raise StorageUnavailableError("a delivery is attempted too often at once")


def _tenants_url(env: Environment, tenant_id: str) -> str | None:
    tenant = tenants.tenant(env, tenant_id)
    return None if tenant.callback_stopped else tenant.callback_url


def _has_room(record: EventRecord) -> bool:
    return len(record.attempts_made) + MAX_ATTEMPTS <= ATTEMPTS_KEPT


def _is_due(env: Environment, record: EventRecord) -> bool:
    """Whether a delivery is at the beginning of a schedule anyhow, as one is that was resent a moment ago."""
    is_fresh = len(record.attempts_made) == (record.schedule_from or 0)
    return record.delivery == events.PENDING and is_fresh and (record.next_attempt_at or 0) <= env.clock.now()


def _fresh(env: Environment, tenant_id: str, record: EventRecord, own_url: str | None) -> list[Write]:
    """Return the writes that begin a schedule anew: due now, and looked after should the message be lost."""
    now = int(env.clock.now())
    unchanged = EventRecord.delivery == record.delivery
    seen = EventRecord.attempts
    unchanged &= (seen == record.attempts) if record.attempts else seen.does_not_exist()
    changes = [
        EventRecord.delivery.set(events.PENDING),
        EventRecord.schedule_from.set(len(record.attempts_made)),
        EventRecord.next_attempt_at.set(now),
    ]
    if record.is_tenants_url and own_url:  # it goes where the tenant's events go now
        changes.append(EventRecord.url.set(own_url))
    pk, sk = keys.retry(now + BACKUP_SECONDS, tenant_id, record.sk)
    entry = RetryEntry(pk=pk, sk=sk, tenant_id=tenant_id, event_id=record.sk, due_at=now + BACKUP_SECONDS)
    return [update(record.key, changes, unchanged), put(entry)]
