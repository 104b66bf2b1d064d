"""What a transfer has to tell once it is settled, and how it is shown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from chalicelib import ids
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.ledger.entries import Entry
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.tenants.records import TenantRecord
from chalicelib.transfers.records import COMPLETED, PENDING, TransferRecord, key_of
from chalicelib.transfers.schemas import Transfer, TransferStatus, TransferType
from chalicelib.webhooks.events import Moved, PendingEvent, Telling

KIND = "transfer"
EVENT_NAME = "transfer_status_update"
SETTLED_VERSION = 2  # 1 is its acceptance, which the answer told


def subject(transfer_id: str) -> str:
    """Return the name under which the numbering writer knows a transfer."""
    return f"{KIND}:{transfer_id}"


def event_id(tenant_id: str, transfer_id: str) -> str:
    """Return the id of the event that tells how a transfer ended."""
    return ids.event_id(tenant_id, subject(transfer_id), SETTLED_VERSION)


def shown(env: Environment, record: TransferRecord) -> Transfer:
    """Return a transfer as the API shows it."""
    return Transfer(
        id=record.sk,
        transfer_id=record.sk,
        transfer_type=cast("TransferType", record.kind),
        currency=record.currency,
        amount=format_units(record.units, env.catalogue.by_code(record.currency).decimals),
        status=cast("TransferStatus", record.status),
        error=record.error,
        created_at=iso(record.created_at / 1000),
        completed_at=iso(record.completed_at / 1000) if record.completed_at else None,
    )


def tellings(env: Environment, tenant_id: str, transfer_ids: Sequence[str]) -> Mapping[str, list[Telling]]:
    """Return what transfers have to tell; the numbering writer's reader of transfers."""
    named = [key_of(tenant_id, transfer_id) for transfer_id in transfer_ids]
    found = env.store.get_many(TransferRecord, named)
    return {
        key.sk: [_telling(env, tenant_id, record)] for key, record in found.items() if record.status != PENDING
    }


def journal_entries(env: Environment, tenant_id: str) -> Iterable[tuple[str, list[Entry]]]:
    """Return the entries of every transfer that moved money: a transfer is its own journal row."""
    tenant = env.store.get(TenantRecord, keys.tenant(tenant_id))
    for part in range(tenant.balance_parts if tenant else 1):
        for record in env.store.query_all(TransferRecord, keys.transfers(tenant_id, part)):
            if record.status == COMPLETED:
                yield record.currency, list(record.sides)


def _telling(env: Environment, tenant_id: str, record: TransferRecord) -> Telling:
    name, at = event_id(tenant_id, record.sk), record.completed_at or record.created_at
    event = PendingEvent(
        name, EVENT_NAME, record.sk, record.status, at / 1000, shown(env, record), record.callback_url
    )
    return Telling(name, event, _rows(record, at))


def _rows(record: TransferRecord, at: int) -> tuple[Moved, ...]:
    if record.status != COMPLETED:
        return ()
    given = Moved(
        movement_id=record.sk,
        account=record.source,
        kind="transfer_out",
        currency=record.currency,
        amount_units=-record.units,
        gross_units=-record.units,
        fee_units=0,
        reference=record.sk,
        at=at,
    )
    received = Moved(
        movement_id=record.sk,
        account=record.target,
        kind="transfer_in",
        currency=record.currency,
        amount_units=record.units - record.repaid,  # what repays a debt is not the account's
        gross_units=record.units,
        fee_units=0,
        reference=record.sk,
        at=at,
    )
    return given, received
