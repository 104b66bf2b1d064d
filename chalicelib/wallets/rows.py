"""A tenant's wallets as a list: all are of one class, which never changes."""

from chalicelib.lists.spec import Class, RowList
from chalicelib.storage import keys
from chalicelib.wallets.records import WalletRecord

LIST = "wallet"
LONGEST_REQUEST_SECONDS = 60  # from a wallet's number to its commit: what a function may run


def wallet_rows(tenant_id: str, _rest: str = "") -> RowList[WalletRecord]:
    """Return the list of a tenant's wallets."""
    return RowList(
        tenant_id=tenant_id,
        name=LIST,
        record_type=WalletRecord,
        partition=keys.wallets(tenant_id),
        class_of=_class_of,
        sealable=_is_settled,
    )


def _class_of(_record: WalletRecord) -> Class:
    return ()


def _is_settled(record: WalletRecord, _place: int, now: float) -> bool:
    """Say whether a wallet is so old that none with a lower number can appear any more."""
    return record.created_at + LONGEST_REQUEST_SECONDS <= now
