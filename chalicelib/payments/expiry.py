"""Payments whose time is over: found by the hour they expire in, each dealt with once."""

from pynamodb.expressions.operand import Path

from chalicelib.chains.records import ChainHeads
from chalicelib.environment import Environment
from chalicelib.payments import lifecycle, steps
from chalicelib.payments.deposit_work import commit_change
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Key, Record
from chalicelib.storage.unit_of_work import ConflictError, put
from chalicelib.webhooks import outbox

INDEX = "expiry_index"
HOUR_SECONDS = 3600
OVERLAP_SECONDS = 60  # clocks differ; the index itself is up to date: a payment lives for minutes at the least


class ExpiryCursor(Record):
    """Up to which moment every payment that fell due has been dealt with."""

    swept_until = IntegerAttribute()


class ExpiryEntry(Record):
    """A payment as the index has it: its key and when it expires."""

    expires_at = IntegerAttribute(attr_name="xa")


def sweep(env: Environment) -> None:
    """Expire every payment that fell due since the sweep before.

    Raises:
        StorageUnavailableError: the next sweep goes on from the same place.
    """
    now = env.clock.now()
    cursor = env.store.get(ExpiryCursor, keys.sweep("expiry"))
    since = cursor.swept_until if cursor else int(now) - HOUR_SECONDS
    heads = env.store.get(ChainHeads, keys.chain_heads())
    for hour in range(int(since - OVERLAP_SECONDS) // HOUR_SECONDS, int(now) // HOUR_SECONDS + 1):
        for key in _due(env, hour * HOUR_SECONDS, since - OVERLAP_SECONDS, now):
            expire(env, key, heads)
    pk, sk = keys.sweep("expiry")
    env.store.commit(put(ExpiryCursor(pk=pk, sk=sk, swept_until=int(now))))


def expire(env: Environment, key: Key, heads: ChainHeads | None) -> None:
    """End one payment's time, if it is over and it still waits for money."""
    tenant_id = key.pk.partition("#")[2]
    while True:
        record = env.store.get(PaymentRecord, key)
        if record is None:
            return
        currency = env.catalogue.by_code(record.currency)
        change = lifecycle.expire(record.state(currency.decimals), int(env.clock.now() * 1000) / 1000)
        if change is None:
            return
        # Nothing on a chain reminds of this step, so a reminder of its own goes with it.
        reminder = outbox.reminder(tenant_id, steps.subject(record.sk), env.clock.now())
        try:
            height = heads.height_of(currency.blockchain) if heads else 0
            commit_change(env, tenant_id, record, change, height, reminder)
        except ConflictError:
            continue
        return


def _due(env: Environment, bucket: int, since: float, now: float) -> list[Key]:
    expires_at = Path("xa")
    span = expires_at.between(int(since * 1000), int(now * 1000))
    found = env.store.query_all(ExpiryEntry, keys.expiry_bucket(bucket), span, index=INDEX)
    return [entry.key for entry in found]
