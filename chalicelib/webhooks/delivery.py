"""Delivering an event: one signed attempt at a time, each logged, until one succeeds or the schedule ends."""

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition

from chalicelib import acting
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, Write, put, update
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory, settings_of
from chalicelib.webhooks import events, rotation, schedule, signing, targets, transport
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.guard import TargetPolicy
from chalicelib.webhooks.leases import EndpointRecord, HeldBackError, Lease
from chalicelib.webhooks.retries import RetryEntry
from chalicelib.webhooks.transport import Attempt

EARLY_SECONDS = 1
SPREAD_SECONDS = 30  # what was held back does not come all at once
BACKUP_SECONDS = 60  # a short wait is the queue's; should it lose the message, the sweep comes by a minute later


class StoppedTarget(Record):
    """A URL that answered 410 Gone: nothing is sent there any more."""


def due_events(env: Environment, tenant_id: str, event_ids: Sequence[str]) -> Mapping[str, EventRecord]:
    """Return those of a tenant's events that an attempt is due for now, by id.

    The others are delivered, given up, or not due yet.
    """
    found = env.store.get_many(EventRecord, [keys.event(tenant_id, event_id) for event_id in event_ids])
    latest = env.clock.now() + EARLY_SECONDS
    return {
        key.sk: record
        for key, record in found.items()
        if record.delivery == events.PENDING and record.url is not None and (record.next_attempt_at or 0) <= latest
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """What an attempt is made under.

    Attributes:
        endpoint: scheme, host and port.
        begin_by: Unix seconds; it begins before.
        lease: a leased place, or None for one that the log gave.
    """

    endpoint: str
    begin_by: float
    lease: Lease | None


class NoPlaceError(Exception):
    """The attempt cannot begin in the place that it has: it comes again in a moment."""


def given_place(env: Environment, record: EventRecord) -> Entry | None:
    """Return the place that the log gave to an event's first attempt; None when it has none (any more)."""
    until = record.place_until
    if until is None or record.attempts_made or env.clock.now() > until:
        return None
    return Entry(endpoint_of(env, record), float(until), None)


@acting.for_its_tenant
def attempt(env: Environment, tenant_id: str, record: EventRecord, entry: Entry) -> Attempt:
    """Make one attempt and log it; a twin that was faster has logged its own.

    Args:
        env: the environment.
        tenant_id: whose event.
        record: the event.
        entry: the place that the attempt takes.

    Raises:
        NoPlaceError: the place is not good (any more); nothing was sent.
        HeldBackError: the endpoint does not answer; nothing was sent.
        StorageUnavailableError: it could not be logged; it comes again, under the same ``webhook-id``.
    """
    made = _post(env, tenant_id, record, entry)
    _log(env, tenant_id, record, made)
    return made


def postpone(env: Environment, tenant_id: str, record: EventRecord, until: float) -> None:
    """Have an event's next attempt made after its endpoint's next probe; its schedule goes on from there."""
    due_at = int(until + random.uniform(1, SPREAD_SECONDS))  # noqa: S311 -- jitter, not a secret
    changes = [EventRecord.next_attempt_at.set(due_at)]
    is_unchanged = _attempts_are(record) & (EventRecord.delivery == events.PENDING)
    with suppress(ConflictError):
        env.store.commit(update(record.key, changes, is_unchanged), retry_entry(tenant_id, record.sk, due_at))


def endpoint_of(env: Environment, record: EventRecord) -> str:
    """Return what places are shared by: scheme, host and port of an event's URL."""
    return targets.endpoint_of(env, str(record.url))


def _post(env: Environment, tenant_id: str, record: EventRecord, entry: Entry) -> Attempt:
    url = str(record.url)
    try:
        target = targets.check_url(url, _policy(env))
    except targets.InvalidUrlError:
        return Attempt(None, 0, "blocked_address")
    # All as it stands now: a secret that was changed, a 410 or a silent endpoint is heeded at once.
    tenant_key, stopped_key = keys.tenant(tenant_id), keys.stopped_target(tenant_id, url)
    endpoint_key = keys.endpoint(tenant_id, entry.endpoint)
    found = env.store.get_raw([tenant_key, stopped_key, endpoint_key])
    if stopped_key in found:
        return Attempt(None, 0, "gone")
    if endpoint_key in found:
        _check_endpoint(env, EndpointRecord.of_raw(found[endpoint_key]), entry)
    signed_with = rotation.signing_keys(env, tenant_id, TenantRecord.of_raw(found[tenant_key]))
    now = env.clock.now()
    if now > entry.begin_by:
        raise NoPlaceError("the place was had for too long")
    headers = signing.headers(signed_with, record.sk, int(now), record.body)
    return transport.post(target, headers, record.body, env.resolver, _policy(env), now=now)


def _check_endpoint(env: Environment, endpoint: EndpointRecord, entry: Entry) -> None:
    if (endpoint.open_until or 0) > env.clock.now():
        raise HeldBackError(int(endpoint.open_until))
    if endpoint.failures and not (entry.lease and entry.lease.failures):
        raise NoPlaceError("an endpoint that does not answer gets a probe, nothing else")


def _log(env: Environment, tenant_id: str, record: EventRecord, made: Attempt) -> None:
    ended_at = env.clock.now()
    if made.gone:  # first: once the attempt is logged, nothing comes back here
        _stop(env, tenant_id, str(record.url))
    delay = _next_delay(record, made)
    while not _is_logged(env, tenant_id, record, made, ended_at, delay):
        now = env.store.get(EventRecord, record.key)
        if now is None or now.attempts != record.attempts:  # a twin has logged its own
            return
        record, delay = now, _next_delay(now, made)  # it was resent meanwhile: this is its new schedule's first
    if delay is not None and schedule.uses_queue_delay(delay):
        env.queues.deliver(tenant_id, record.sk, max(1, int(delay)))


def _is_logged(
    env: Environment, tenant_id: str, record: EventRecord, made: Attempt, ended_at: float, delay: float | None
) -> bool:
    """Append an attempt, with what follows from it; False when the event is another one by now."""
    attempts = [*record.attempts_made, [int(ended_at), made.status_code, made.duration_ms, made.failure]]
    changes = [EventRecord.attempts.set(attempts)]
    more: list[Write] = []
    if delay is None:
        outcome = events.DELIVERED if made.succeeded else events.FAILED
        changes += [EventRecord.delivery.set(outcome), EventRecord.next_attempt_at.remove()]
    else:
        due_at = int(ended_at + delay)
        changes.append(EventRecord.next_attempt_at.set(due_at))
        backup = BACKUP_SECONDS if schedule.uses_queue_delay(delay) else 0
        more.append(retry_entry(tenant_id, record.sk, due_at + backup))
    try:
        env.store.commit(update(record.key, changes, _attempts_are(record)), *more)
    except ConflictError:
        return False
    return True


def _attempts_are(record: EventRecord) -> Condition:
    """Demand that nobody has made an attempt, or begun another schedule, since the event was read."""
    seen, begun = EventRecord.attempts, EventRecord.schedule_from
    condition: Condition = (seen == record.attempts) if record.attempts else seen.does_not_exist()
    condition &= begun.does_not_exist() if record.schedule_from is None else (begun == record.schedule_from)
    return condition


def _next_delay(record: EventRecord, made: Attempt) -> float | None:
    """Return the seconds until the next attempt; None when this was the last one."""
    if made.succeeded or _is_gone(made):
        return None
    attempts = len(record.attempts_made) + 1 - (record.schedule_from or 0)
    jitter = random.random()  # noqa: S311 -- jitter, not a secret
    return schedule.next_delay_seconds(attempts, made.retry_after_seconds, jitter)


def _is_gone(made: Attempt) -> bool:
    return made.gone or made.failure == "gone"


def retry_entry(tenant_id: str, event_id: str, due_at: int) -> Write:
    """Return the write that has the sweep look after an attempt that is due at that second."""
    pk, sk = keys.retry(due_at, tenant_id, event_id)
    return put(RetryEntry(pk=pk, sk=sk, tenant_id=tenant_id, event_id=event_id, due_at=due_at))


def _stop(env: Environment, tenant_id: str, url: str) -> None:
    """End deliveries to exactly this URL; the tenant's own stays off until it is set anew."""
    if settings_of(env, tenant_id).callback_url == url:
        stopped = [TenantRecord.callback_stopped.set(True)]
        with suppress(ConflictError):  # it was set to another one meanwhile
            env.store.commit(update(keys.tenant(tenant_id), stopped, TenantRecord.callback_url == url))
        env.keep(TenantDirectory).forget(tenant_id)
    pk, sk = keys.stopped_target(tenant_id, url)
    env.store.commit(put(StoppedTarget(pk=pk, sk=sk)))


def _policy(env: Environment) -> TargetPolicy:
    return TargetPolicy(allow_local=env.settings.allow_local_callbacks)
