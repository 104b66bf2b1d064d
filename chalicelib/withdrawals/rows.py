"""The list of withdrawals as it is counted: by status and currency."""

from chalicelib import ids
from chalicelib.lists.spec import RowList, Untold, settled
from chalicelib.storage import keys
from chalicelib.withdrawals import steps
from chalicelib.withdrawals.records import WithdrawalRecord

LIST = steps.KIND


def withdrawal_rows(tenant_id: str, _rest: str = "") -> RowList[WithdrawalRecord]:
    """Return a tenant's list of withdrawals."""
    return RowList(
        tenant_id=tenant_id,
        name=LIST,
        record_type=WithdrawalRecord,
        partition=keys.withdrawals(tenant_id),
        class_of=class_of,
        sealable=settled,
        untold=_untold,
    )


def class_of(record: WithdrawalRecord) -> tuple[str, str]:
    """Return what a withdrawal is filtered by."""
    return (record.status, record.currency)


def _untold(record: WithdrawalRecord) -> Untold:
    """Return the steps that may not be numbered yet: their events' ids, and the class before each."""
    subject = steps.subject(record.sk)
    return [
        (ids.event_id(record.tenant_id, subject, version), (status_before, record.currency))
        for version, status_before, *_ in record.untold or []
    ]
