"""Looking after what was told: numbered, and sent once at least; if not, whoever has to is woken again."""

from collections.abc import Sequence

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, delete
from chalicelib.webhooks.events import EventRecord, Telling
from chalicelib.webhooks.numbering import read_tellings
from chalicelib.webhooks.outbox import Reminder

PATIENCE_SECONDS = 45  # younger ones are on their way


def is_told(env: Environment, tenant_id: str, subject: str, tellings: Sequence[Telling]) -> bool:
    """Say whether all of a subject's tellings have their number and their first attempt; wake who is late.

    Later attempts have reminders of their own: the buckets of what falls due.
    """
    named = [keys.event(tenant_id, telling.key) for telling in tellings]
    found = env.store.get_many(EventRecord, named) if named else {}
    if len(found) < len(named):
        env.queues.wake_numbering(tenant_id, subject)
        return False
    unsent = [one for one in found.values() if not one.is_sent_once]
    for record in unsent:
        if env.clock.now() - record.created_at / 1000 >= PATIENCE_SECONDS:
            env.queues.deliver(tenant_id, record.sk)
    return not unsent


def sweep_outbox(env: Environment) -> None:
    """Go through the reminders: remove those whose subject is told, wake someone for the others."""
    for shard in keys.outbox_shards():
        for reminder in env.store.query_all(Reminder, shard):
            if env.clock.now() - reminder.created_at / 1000 >= PATIENCE_SECONDS:
                _look_after(env, reminder)


def _look_after(env: Environment, reminder: Reminder) -> None:
    tellings = [one for _, one in read_tellings(env, reminder.tenant_id, [reminder.subject])]
    if not is_told(env, reminder.tenant_id, reminder.subject, tellings):
        return
    try:
        env.store.commit(delete(reminder.key, Reminder.created_at == reminder.created_at))
    except ConflictError:
        return  # reminded of anew meanwhile
