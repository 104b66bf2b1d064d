"""A wallet's transfers as a list, found by the index in the order of their ids."""

from chalicelib.lists.spec import Class, RowList
from chalicelib.storage import keys
from chalicelib.transfers.records import PENDING, TransferRecord, key_of

LIST = "transfer"
LONGEST_REQUEST_SECONDS = 60  # from a transfer's id to its commit: what a function may run


def list_name(wallet_id: str) -> str:
    """Return the name of the list of a wallet's transfers."""
    return f"{LIST}#{wallet_id}"


def transfer_rows(tenant_id: str, wallet_id: str) -> RowList[TransferRecord]:
    """Return the list of a wallet's transfers."""
    return RowList(
        tenant_id=tenant_id,
        name=list_name(wallet_id),
        record_type=TransferRecord,
        partition=keys.transfers_of_wallet(tenant_id, wallet_id),
        class_of=_class_of,
        sealable=_is_settled,
        index="list_index",
        row_key=lambda transfer_id: key_of(tenant_id, transfer_id),
    )


def _class_of(record: TransferRecord) -> Class:
    return record.status, record.kind, record.currency


def _is_settled(record: TransferRecord, _place: int, now: float) -> bool:
    """Say whether a transfer is done for good, and so old that none can appear before it any more."""
    return record.status != PENDING and record.created_at / 1000 + LONGEST_REQUEST_SECONDS <= now
