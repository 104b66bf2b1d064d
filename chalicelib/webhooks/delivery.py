"""Delivering an event: one signed attempt at a time, each logged, until one succeeds or the schedule ends."""

import random
from contextlib import suppress
from typing import Any

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, Write, put, update
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory, settings_of
from chalicelib.webhooks import events, schedule, secrets, signing, targets, transport
from chalicelib.webhooks.endpoints import SECRETS_KEY_VERSION
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.guard import TargetPolicy
from chalicelib.webhooks.retries import RetryEntry
from chalicelib.webhooks.transport import Attempt

EARLY_SECONDS = 1
BACKUP_SECONDS = 60  # a short wait is the queue's; should it lose the message, the sweep comes by a minute later


class StoppedTarget(Record):
    """A URL that answered 410 Gone: nothing is sent there any more."""


def due_event(env: Environment, tenant_id: str, event_id: str) -> EventRecord | None:
    """Return an event that an attempt is due for now; None when it is delivered, given up, or not due yet."""
    record = env.store.get(EventRecord, keys.event(tenant_id, event_id))
    if record is None or record.delivery != events.PENDING or record.url is None:
        return None
    is_early = record.next_attempt_at is not None and record.next_attempt_at > env.clock.now() + EARLY_SECONDS
    return None if is_early else record


def attempt(env: Environment, tenant_id: str, record: EventRecord) -> Attempt:
    """Make one attempt and log it; a twin that was faster has logged its own.

    Raises:
        StorageUnavailableError: it could not be logged; it comes again, under the same ``webhook-id``.
    """
    made = _post(env, tenant_id, record)
    _log(env, tenant_id, record, made)
    return made


def endpoint_of(env: Environment, record: EventRecord) -> str:
    """Return what slots are shared by: scheme, host and port of an event's URL."""
    try:
        return targets.check_url(str(record.url), _policy(env)).endpoint
    except targets.InvalidUrlError:
        return "invalid"


def _post(env: Environment, tenant_id: str, record: EventRecord) -> Attempt:
    url = str(record.url)
    try:
        target = targets.check_url(url, _policy(env))
    except targets.InvalidUrlError:
        return Attempt(None, 0, "blocked_address")
    if env.store.get(StoppedTarget, keys.stopped_target(tenant_id, url)) is not None:
        return Attempt(None, 0, "gone")
    sealed = settings_of(env, tenant_id).sealed_secret
    secret = secrets.open_sealed(sealed, {SECRETS_KEY_VERSION: env.settings.secrets_key}, tenant_id)
    now = env.clock.now()
    headers = signing.headers([secrets.key_of(secret)], record.sk, int(now), record.body)
    return transport.post(target, headers, record.body, env.resolver, _policy(env), now=now)


def _log(env: Environment, tenant_id: str, record: EventRecord, made: Attempt) -> None:
    ended_at = env.clock.now()
    attempts = [*record.attempts_made, [int(ended_at), made.status_code, made.duration_ms, made.failure]]
    seen = EventRecord.attempts
    is_unchanged = (seen == record.attempts) if record.attempts else seen.does_not_exist()
    changes = [seen.set(attempts)]
    delay = None if made.succeeded or _is_gone(made) else _delay(len(attempts), made)
    more: list[Write] = []
    if delay is None:
        outcome = events.DELIVERED if made.succeeded else events.FAILED
        changes += [EventRecord.delivery.set(outcome), EventRecord.next_attempt_at.remove()]
    else:
        due_at = int(ended_at + delay)
        changes.append(EventRecord.next_attempt_at.set(due_at))
        backup = BACKUP_SECONDS if schedule.uses_queue_delay(delay) else 0
        more.append(_retry_entry(tenant_id, record.sk, due_at + backup))
    if made.gone:  # first: once the attempt is logged, nothing comes back here
        _stop(env, tenant_id, str(record.url))
    try:
        env.store.commit(update(record.key, changes, is_unchanged), *more)
    except ConflictError:
        return
    if delay is not None and schedule.uses_queue_delay(delay):
        env.queues.deliver(tenant_id, record.sk, max(1, int(delay)))


def _delay(attempts_made: int, made: Attempt) -> float | None:
    jitter = random.random()  # noqa: S311 -- jitter, not a secret
    return schedule.next_delay_seconds(attempts_made, made.retry_after_seconds, jitter)


def _is_gone(made: Attempt) -> bool:
    return made.gone or made.failure == "gone"


def _retry_entry(tenant_id: str, event_id: str, due_at: int) -> Write:
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


def shown(record: EventRecord) -> dict[str, Any]:
    """Return an event's delivery as it is shown."""
    return {"url": record.url, "status": record.delivery, "attempts": events.shown_attempts(record)}
