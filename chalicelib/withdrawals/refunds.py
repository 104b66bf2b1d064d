"""How much of a payment has been asked back: one counter for each, moved with the withdrawals that refund it."""

from dataclasses import dataclass

from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write, update
from chalicelib.withdrawals.records import WithdrawalRecord


class RefundsRecord(Record):
    """What of a payment has been asked back, in its currency's smallest units; what never left is given back."""

    taken = IntegerAttribute(attr_name="t", default=0)


@dataclass(frozen=True, slots=True)
class Refund:
    """What makes a withdrawal a refund.

    Attributes:
        payment_id: the payment.
        writes: what the payment's room demands in the same transaction.
    """

    payment_id: str
    writes: tuple[Write, ...]


def take_write(tenant_id: str, payment_id: str, units: int, credited_units: int) -> Write:
    """Return the write that asks so much of a payment back, if no more than was credited is asked back in all."""
    taken = RefundsRecord.taken
    room = taken <= credited_units - units
    if units <= credited_units:
        room = taken.does_not_exist() | room
    return update(keys.refunds(tenant_id, payment_id), [taken.add(units)], room)


def release_write(record: WithdrawalRecord) -> list[Write]:
    """Return the write that lets a payment be refunded again, of a refund that will never be paid."""
    if not record.payment_id:
        return []
    key = keys.refunds(record.tenant_id, record.payment_id)
    return [update(key, [RefundsRecord.taken.add(-record.requested)])]
