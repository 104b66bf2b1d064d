"""Looking after transfers: none that was accepted is forgotten, none that was settled stays untold.

Each minute, for every part that is noted as busy, all transfers above the part's cursor are looked at. The cursor
goes up to the first that is not settled and told, never into the last moments: a request that took its id then may
still be about to store its transfer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pynamodb.attributes import UnicodeAttribute

from chalicelib.acting import acting_for
from chalicelib.environment import Environment
from chalicelib.lists.spec import counts_subject
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, delete, put
from chalicelib.transfers.busy import NOTED_SECONDS, BusyLane
from chalicelib.transfers.records import PENDING, TransferRecord
from chalicelib.transfers.rows import list_name
from chalicelib.transfers.steps import event_id, subject
from chalicelib.webhooks import outbox
from chalicelib.webhooks.events import EventRecord

PATIENCE_SECONDS = 45  # younger ones are on their way
LONGEST_REQUEST_SECONDS = 60  # from an id to its commit: what a function may run
QUIET_SECONDS = NOTED_SECONDS + LONGEST_REQUEST_SECONDS
LOOKED_AT_ONCE = 100


class TransferCursor(Record):
    """Up to which transfer all of a part are settled and told."""

    last = UnicodeAttribute(attr_name="l")


@dataclass(slots=True)
class _Look:
    """What a look at one part found: how far all is done, and whether anything is not."""

    done: str | None = None
    is_undone: bool = False
    unnumbered: list[str] = field(default_factory=list)
    to_seal: set[str] = field(default_factory=set)


def sweep(env: Environment) -> None:
    """Go through the busy parts: wake whom they wait for, and drop those where nothing is left."""
    for lane in env.store.query_all(BusyLane, keys.busy_lanes()):
        with acting_for(lane.tenant_id):
            _look_after(env, lane)


def _look_after(env: Environment, lane: BusyLane) -> None:
    pk, sk = keys.transfer_cursor(lane.tenant_id, lane.part)
    cursor = env.store.get(TransferCursor, keys.transfer_cursor(lane.tenant_id, lane.part))
    look = _look(env, lane, cursor.last if cursor else "t_")
    if look.unnumbered:
        env.queues.wake_numbering(lane.tenant_id, *(subject(one) for one in look.unnumbered))
    if look.done:
        env.store.commit(put(TransferCursor(pk=pk, sk=sk, last=look.done)))
    if look.to_seal:
        lists = (counts_subject(list_name(wallet_id)) for wallet_id in sorted(look.to_seal))
        env.queues.wake_numbering(lane.tenant_id, *lists)
    if not look.is_undone and env.clock.now() - lane.noted_at >= QUIET_SECONDS:
        _drop(env, lane)


def _look(env: Environment, lane: BusyLane, after: str) -> _Look:
    look = _Look()
    records = env.store.query_all(
        TransferRecord, keys.transfers(lane.tenant_id, lane.part), Record.sk > after, limit=LOOKED_AT_ONCE
    )
    for some in _in_batches(records):
        late = env.clock.now() - PATIENCE_SECONDS
        pending = [record for record in some if record.status == PENDING]
        settled = [record for record in some if record.status != PENDING]
        young = [record for record in settled if (record.completed_at or 0) / 1000 > late]
        look.unnumbered += _untold(env, lane.tenant_id, [record for record in settled if record not in young])
        undone = {record.sk for record in (*pending, *young)} | set(look.unnumbered)
        if not look.is_undone:
            look.done = _last_done(env, some, undone) or look.done
        look.is_undone = look.is_undone or bool(undone)
        look.to_seal |= {record.wallet_id for record in settled if _is_drawn(record.sk)}
        if pending:
            env.queues.wake_transfers(lane.tenant_id, lane.part, pending[0].sk)
        if pending or look.unnumbered:
            break  # whoever is woken goes on from there; the next look too
    return look


def _last_done(env: Environment, some: Sequence[TransferRecord], undone: set[str]) -> str | None:
    """Return the last of those in a row that are done for good and old enough that none can come before them."""
    settled_before = (env.clock.now() - LONGEST_REQUEST_SECONDS) * 1000
    last: str | None = None
    for record in some:
        if record.sk in undone or record.created_at > settled_before:
            break
        last = record.sk
    return last


def _untold(env: Environment, tenant_id: str, settled: Sequence[TransferRecord]) -> list[str]:
    """Return those without a number. One that has its number and was never sent gets a reminder of its own."""
    named = {keys.event(tenant_id, event_id(tenant_id, record.sk)): record.sk for record in settled}
    found = env.store.get_many(EventRecord, list(named)) if named else {}
    for key, event in found.items():
        if not event.is_sent_once:
            env.store.commit(outbox.reminder(tenant_id, subject(named[key]), event.created_at / 1000))
    return [transfer_id for key, transfer_id in named.items() if key not in found]


def _is_drawn(transfer_id: str) -> bool:
    """Say whether a transfer is the one in sixteen, by its random digits, that has its wallet's list sealed."""
    return transfer_id[-2] == "0"


def _drop(env: Environment, lane: BusyLane) -> None:
    try:
        env.store.commit(delete(lane.key, BusyLane.noted_at == lane.noted_at))
    except ConflictError:
        return  # busy again meanwhile


def _in_batches(records: Iterable[TransferRecord]) -> Iterator[list[TransferRecord]]:
    left = iter(records)
    while some := list(islice(left, LOOKED_AT_ONCE)):
        yield some
