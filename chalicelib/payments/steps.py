"""What a payment's steps have to tell, kept in the payment itself until the numbering writer has been there.

A step that is told is ``[version, chain height, movement ids, is an event, status before, status, moving part]``.
The last two are left out while they are the payment's own, which is nearly always: the next step puts them in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib import ids
from chalicelib.currencies import service as currencies
from chalicelib.environment import Environment
from chalicelib.errors import RatesUnavailableError
from chalicelib.ledger import history
from chalicelib.payments import rendering
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys
from chalicelib.webhooks.events import ClassChange, EventRecord, PendingEvent, Telling

if TYPE_CHECKING:  # the API tells and shows steps, it takes none
    from chalicelib.payments.changes import Change

EVENT_NAME = "payment_status_update"
KIND = "payment"
_OWN = 5  # the length of a step without status and moving part


def subject(payment_id: str) -> str:
    """Return the name under which the numbering writer knows a payment."""
    return f"{KIND}:{payment_id}"


def untold_after(
    record: PaymentRecord, change: "Change", height: int, movement_ids: list[str]
) -> list[Any] | None:
    """Return the payment's untold steps once a change is stored with it.

    Args:
        record: the payment as stored before.
        change: the step.
        height: the chain's height, which the event's confirmations are counted from.
        movement_ids: the journal rows that the step books.
    """
    steps = [[*step, record.status, record.moving] if len(step) == _OWN else step for step in record.untold or []]
    if change.event_due or movement_ids:
        steps.append([change.state.version, height, movement_ids, int(change.event_due), record.status])
    return steps or None


def without_told(env: Environment, tenant_id: str, record: PaymentRecord) -> list[Any]:
    """Return the payment's untold steps without those that have been numbered, and sent once, meanwhile.

    What is numbered and unsent stays: the payment is what reminds the sweep of it.
    """
    steps = record.untold or []
    if not steps:
        return []
    named = {step[0]: keys.event(tenant_id, _event_id(tenant_id, record.sk, step[0])) for step in steps}
    numbered = env.store.get_many(EventRecord, list(named.values()))
    told = {key for key, event in numbered.items() if event.is_sent_once}
    return [step for step in steps if named[step[0]] not in told]


def tellings(env: Environment, tenant_id: str, payment_ids: Sequence[str]) -> Mapping[str, list[Telling]]:
    """Return what payments have to tell; the numbering writer's reader of payments."""
    named = [keys.payment(tenant_id, payment_id) for payment_id in payment_ids]
    found = env.store.get_many(PaymentRecord, named)
    return {key.sk: list(tellings_of(env, tenant_id, record)) for key, record in found.items()}


def tellings_of(env: Environment, tenant_id: str, record: PaymentRecord) -> Iterable[Telling]:
    """Return what a payment, as just read, has to tell."""
    steps = record.untold or []
    movements = history.movements(env, tenant_id, [one for step in steps for one in step[2]])
    for step in steps:
        version, height, movement_ids, is_event, status_before = step[:_OWN]
        status, moving = step[_OWN:] or (record.status, record.moving)
        event_id = _event_id(tenant_id, record.sk, version)
        event = _event(env, record, event_id, version, status, moving, height) if is_event else None
        rows = tuple(history.moved_by(movements[movement_id]) for movement_id in movement_ids)
        yield Telling(event_id, event, rows, _class_change(record, status_before, status))


def class_steps(record: PaymentRecord) -> list[tuple[str, tuple[str, str]]]:
    """Return the untold steps that changed a payment's status, in order: its event, and the class before."""
    tenant_id = record.pk.partition("#")[2]
    return [
        (_event_id(tenant_id, record.sk, step[0]), (step[_OWN - 1], record.currency))
        for step in record.untold or []
        if step[_OWN - 1] != (step[_OWN] if len(step) > _OWN else record.status)
    ]


def _class_change(record: PaymentRecord, status_before: str, status: str) -> ClassChange | None:
    if status_before == status:
        return None
    return ClassChange(KIND, record.sk, (status_before, record.currency), (status, record.currency))


def _event(
    env: Environment, record: PaymentRecord, event_id: str, version: int, status: str, moving: Any, height: int
) -> PendingEvent:
    state = record.state_of(env.catalogue.by_code(record.currency).decimals, status, version, moving)
    data = rendering.shown(env.catalogue, record, state, height, last_rate(env, record))
    return PendingEvent(event_id, EVENT_NAME, record.sk, status, state.updated_at, data, record.callback_url)


def _event_id(tenant_id: str, payment_id: str, version: int) -> str:
    return ids.event_id(tenant_id, subject(payment_id), version)


def last_rate(env: Environment, record: PaymentRecord) -> Any:
    """Return coins for one price unit now, for payments at a floating rate; None when there is no fresh one."""
    if record.flags & 3:  # fixed rate, or priced in the coin: no rate is asked for
        return None
    try:
        return currencies.rate(env, record.price_currency, record.currency, is_fixed=False)
    except RatesUnavailableError:
        return None
