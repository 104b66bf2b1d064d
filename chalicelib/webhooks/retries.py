"""Webhook attempts that fall due: in buckets by the hour, in the order of their time, swept every minute."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import delete, put
from chalicelib.webhooks import events
from chalicelib.webhooks.events import EventRecord

HOUR_SECONDS = 3600


class RetryEntry(Record):
    """One attempt that is due. It stays until the event's next attempt lies elsewhere, or there is none."""

    tenant_id = UnicodeAttribute(attr_name="t")
    event_id = UnicodeAttribute(attr_name="e")
    due_at = IntegerAttribute(attr_name="d")


class RetryCursor(Record):
    """The first hour that may still have entries."""

    hour = IntegerAttribute()


def sweep(env: Environment) -> None:
    """Have every attempt made that is due by now; entries that were dealt with go.

    Raises:
        StorageUnavailableError: the next sweep goes on from the same place.
    """
    now = env.clock.now()
    this_hour = int(now) // HOUR_SECONDS
    cursor = env.store.get(RetryCursor, keys.sweep("retries"))
    first = cursor.hour if cursor else this_hour - 1
    open_hours = [this_hour, *(hour for hour in range(first, this_hour + 1) if _sweep_hour(env, hour, now))]
    if min(open_hours) != first:
        pk, sk = keys.sweep("retries")
        env.store.commit(put(RetryCursor(pk=pk, sk=sk, hour=min(open_hours))))


def _sweep_hour(env: Environment, hour: int, now: float) -> bool:
    """Return whether an entry of that hour is left."""
    is_left = False
    due = Record.sk <= f"{int(now):012d}~"
    for entry in env.store.query_all(RetryEntry, keys.retry_bucket(hour * HOUR_SECONDS), due):
        record = env.store.get(EventRecord, keys.event(entry.tenant_id, entry.event_id))
        if record is None or record.delivery != events.PENDING or (record.next_attempt_at or 0) > entry.due_at:
            env.store.commit(delete(entry.key))
            continue
        is_left = True
        env.queues.deliver(entry.tenant_id, entry.event_id)
    return is_left
