"""What a withdrawal's steps have to tell, kept in the withdrawal itself until the numbering writer has been there.

A step is ``[version, status before, status, Unix milliseconds, chain height, attempt shown, its block's height]``:
all that changes in what is shown, so that an event tells of its own moment however late it is numbered.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib import ids
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.webhooks.events import ClassChange, EventRecord, Moved, PendingEvent, Telling
from chalicelib.withdrawals import bookings, rendering
from chalicelib.withdrawals.lifecycle import RELEASING, Status
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.rendering import Moment

EVENT_NAME = "withdrawal_status_update"
KIND = "withdrawal"


def subject(withdrawal_id: str) -> str:
    """Return the name under which the numbering writer knows a withdrawal."""
    return f"{KIND}:{withdrawal_id}"


def step(status_before: str, moment: Moment, height: int) -> list[Any]:
    """Return a change of status as an untold step.

    Args:
        status_before: where the withdrawal stood.
        moment: what of it changes, as it is after the step.
        height: the chain's height, which the event's confirmations are counted from; 0 before any attempt.
    """
    shown = [moment.status, moment.updated_at, height, moment.attempt, moment.height]
    return [moment.version, status_before, *shown]


def without_told(env: Environment, record: WithdrawalRecord) -> list[Any]:
    """Return the untold steps without those that have been numbered, and sent once, meanwhile."""
    steps: list[Any] = record.untold or []
    if not steps:
        return []
    tenant_id = record.tenant_id
    named = {one[0]: keys.event(tenant_id, _event_id(tenant_id, record.sk, one[0])) for one in steps}
    numbered = env.store.get_many(EventRecord, list(named.values()))
    told = {key for key, event in numbered.items() if event.is_sent_once}
    return [one for one in steps if named[one[0]] not in told]


def tellings(env: Environment, tenant_id: str, withdrawal_ids: Sequence[str]) -> Mapping[str, list[Telling]]:
    """Return what withdrawals have to tell; the numbering writer's reader of withdrawals."""
    named = [keys.withdrawal(tenant_id, withdrawal_id) for withdrawal_id in withdrawal_ids]
    found = env.store.get_many(WithdrawalRecord, named)
    return {key.sk: list(tellings_of(env, record)) for key, record in found.items()}


def tellings_of(env: Environment, record: WithdrawalRecord) -> Iterable[Telling]:
    """Return what a withdrawal, as just read, has to tell."""
    for version, status_before, status, at, height, attempt, mined_height in record.untold or []:
        moment = Moment(status, version, at, attempt, mined_height)
        event_id = _event_id(record.tenant_id, record.sk, version)
        data = rendering.shown(env.catalogue, record, moment, height)
        event = PendingEvent(event_id, EVENT_NAME, record.sk, status, at / 1000, data, record.callback_url)
        classes = (status_before, record.currency), (status, record.currency)
        yield Telling(event_id, event, _rows(record, status, at), ClassChange(KIND, record.sk, *classes))


def _rows(record: WithdrawalRecord, status: str, at: int) -> tuple[Moved, ...]:
    """Return the history rows of an end: what left the account, or what of a release went to its debt.

    In every row ``amount`` is ``gross`` less ``fee``: of −100 that leave, −98.5 are sent and 1.5 is the fee.
    """
    if status == Status.COMPLETED:
        fee_units = record.platform_fee + record.network_fee
        return (_moved(record, bookings.kind(record), -record.held_units, -record.amount, fee_units, at),)
    if status in RELEASING and record.repaid:
        return (_moved(record, "reversal", -record.repaid, -record.repaid, 0, at),)
    return ()


def _moved(
    record: WithdrawalRecord, kind: str, amount_units: int, gross_units: int, fee_units: int, at: int
) -> Moved:
    return Moved(
        movement_id=subject(record.sk),
        account=record.account,
        kind=kind,
        currency=record.currency,
        amount_units=amount_units,
        gross_units=gross_units,
        fee_units=fee_units,
        reference=record.payment_id if record.payment_id and kind == bookings.REFUND else record.sk,
        at=at,
    )


def _event_id(tenant_id: str, withdrawal_id: str, version: int) -> str:
    return ids.event_id(tenant_id, subject(withdrawal_id), version)
