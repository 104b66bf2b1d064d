"""An account's history as it is counted: by currency and type; a row never changes."""

from chalicelib.ledger.history import HistoryRecord
from chalicelib.lists.spec import RowList
from chalicelib.storage import keys


def history_rows(tenant_id: str, account: str) -> RowList[HistoryRecord]:
    """Return the history of one of a tenant's accounts."""
    return RowList(
        tenant_id=tenant_id,
        name=f"history#{account}",
        record_type=HistoryRecord,
        partition=keys.history(tenant_id, account),
        class_of=lambda row: (row.currency, row.kind),
        sealable=_is_next,
    )


def _is_next(row: HistoryRecord, place: int, _now: float) -> bool:
    """Rows are numbered without a gap: one that is missing is still to be written."""
    return row.number == place + 1
