"""The list of payments as it is counted: by status and currency."""

from chalicelib.lists.spec import RowList, settled
from chalicelib.payments import steps
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys

LIST = steps.KIND
LOOKED_AT = 32  # creating is no event: every so many creations have the counts looked at
OWN_ORDER = "order_"


def payment_rows(tenant_id: str, _rest: str = "") -> RowList[PaymentRecord]:
    """Return a tenant's list of payments."""
    return RowList(
        tenant_id=tenant_id,
        name=LIST,
        record_type=PaymentRecord,
        partition=keys.payments(tenant_id),
        class_of=class_of,
        sealable=settled,
        untold=steps.class_steps,
    )


def class_of(record: PaymentRecord) -> tuple[str, str]:
    """Return what a payment is filtered by."""
    return (record.status, record.currency)


def is_looked_at(address_index: int) -> bool:
    """Say whether the payment with this address has the counts looked at."""
    return address_index % LOOKED_AT == LOOKED_AT - 1


def own_order_id(payment_id: str) -> str:
    """Return the order id of a payment that came without one."""
    return OWN_ORDER + payment_id
