"""Events: what a merchant is told, as an item that also keeps its delivery's attempts.

A subject (a payment, a movement) commits what happened together with what is to be told; the numbering writer
makes events of it afterwards.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.api.answers import encode
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record

# Bodies are JSON of few shapes: with their words known beforehand they shrink to a third, and one write unit.
_WORDS = (
    b'"waiting""expired""partially_paid""partially_completed""failed""transfer_status_update""webhook_test"'
    b'"withdrawal_status_update""UNDERPAID","OVERPAID","LATE","MULTIPLE","REORGED","REVERSED","WRONG_CURRENCY"'
    b'{"transaction_id":"01","event":"payment_status_update","event_id":"evt_","sequence":1,"status":"confirming",'
    b'"timestamp":"2026-01-01T00:00:00Z","data":{"transaction_id":"01","status":"completed","labels":[],"version":2,'
    b'"amount_usd":"100.00","price_amount":"100.00","price_currency":"USD","amount_crypto":"100.00000000",'
    b'"currency":"USDTTRC20","blockchain":"TRX","token":"USDT","address":"T","payment_uri":"tron:T?amount=&token=",'
    b'"rate":"1","is_fixed_rate":true,"is_fee_paid_by_user":false,"fee_amount":"1.00000000","order_id":"order_",'
    b'"order_description":null,"customer_email":null,"wallet_id":null,"callback_url":"https://",'
    b'"transaction_hash":"","confirmations":1,"required_confirmations":19,"total_paid_amount":"0.00000000",'
    b'"payment_history":[{"deposit_id":"","amount":"","transaction_hash":"","confirmations":1,'
    b'"status":"credited","timestamp":""}],"deposits_count":1,"expiry_time":"","created_at":"","updated_at":"",'
    b'"completed_at":null}}'
)

NONE, PENDING, DELIVERED, FAILED = "none", "pending", "delivered", "failed"


class EventRecord(Record):
    """One event: its number, the bytes that are sent, and what became of sending them.

    Attributes:
        sequence: its number in the tenant's log.
        name: the event's name, such as ``payment_status_update``.
        packed_body: the bytes as delivered, compressed.
        url: where it goes; none when the merchant has no URL.
        is_tenants_url: whether that is the tenant's URL, not the object's own.
        delivery: none, pending, delivered, failed.
        attempts: ``[at, status code, milliseconds, failure]`` of each.
        schedule_from: how many attempts lie before the present schedule; a resend begins a fresh one.
        next_attempt_at: Unix seconds, while one is due.
        place_until: Unix seconds until which its first attempt may begin in a place kept for it, without a lease.
        created_at: Unix milliseconds.
    """

    sequence = IntegerAttribute(attr_name="q")
    name = UnicodeAttribute(attr_name="n")
    packed_body = BinaryAttribute(attr_name="b", legacy_encoding=False)
    url = UnicodeAttribute(attr_name="u", null=True)
    is_tenants_url = BooleanAttribute(attr_name="t", null=True)
    delivery = UnicodeAttribute(attr_name="s")
    attempts = CompactJsonAttribute(attr_name="a", null=True)
    schedule_from = IntegerAttribute(attr_name="f", null=True)
    next_attempt_at = IntegerAttribute(attr_name="x", null=True)
    place_until = IntegerAttribute(attr_name="l", null=True)
    created_at = IntegerAttribute(attr_name="at")

    @property
    def body(self) -> bytes:
        """The bytes as delivered."""
        return zlib.decompressobj(zdict=_WORDS).decompress(self.packed_body)

    @property
    def attempts_made(self) -> Sequence[Sequence[Any]]:
        """Every attempt so far, oldest first."""
        return self.attempts or []

    @property
    def is_sent_once(self) -> bool:
        """Whether it needs no reminder any more: later attempts have their own, the buckets of what falls due."""
        return self.delivery != PENDING or bool(self.attempts_made)


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """Something that happened and has no number yet.

    Attributes:
        event_id: computed from the subject and its version.
        name: the event's name.
        object_id: the id that the merchant knows the object by.
        status: the object's status then.
        at: Unix seconds.
        data: the object as the API answers it.
        url: the object's own callback URL, or None for the tenant's.
    """

    event_id: str
    name: str
    object_id: str
    status: str
    at: float
    data: Any
    url: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a committed movement did to one account: a row of its history, save for its number and balance.

    Attributes:
        movement_id: names the movement; each account has a row of it once.
        account: the account that changed.
        kind: as the balance history names it: deposit, transfer_in, …
        currency: the currency's code.
        amount_units: the signed change of the account's amount.
        gross_units: all that moved, signed alike.
        fee_units: the platform's part, signed alike.
        reference: what it is about: a payment, a withdrawal, a transfer.
        at: Unix milliseconds.
    """

    movement_id: str
    account: str
    kind: str
    currency: str
    amount_units: int
    gross_units: int
    fee_units: int
    reference: str
    at: int


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A row of a list that is filtered by another class (status and currency) than before.

    Attributes:
        list_name: which of the tenant's lists: ``payment``, ``withdrawal``.
        row: the row's sort key.
        before: its class until then, such as ``("waiting", "USDTTRC20")``.
        after: its class from then on.
    """

    list_name: str
    row: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """What one committed step has to tell.

    Attributes:
        key: names the step: what was told under this name is never told again. With an event it is the event's
            id; without one, the only row's movement.
        event: for the merchant; None when nobody is told (the history alone gets a row).
        rows: what it did to accounts, in its order.
        change: how it moved its object from one class of its list to another, or None.
    """

    key: str
    event: PendingEvent | None
    rows: tuple[Moved, ...] = ()
    change: ClassChange | None = None


SubjectReader = Callable[[Environment, str, Sequence[str]], Mapping[str, list[Telling]]]
"""Reads what subjects of one kind have to tell: environment, tenant, and the subjects' ids after the kind."""


def body_of(event: PendingEvent, sequence: int) -> bytes:
    """Return the bytes that are delivered: the same for the same event, whoever writes them."""
    return encode(
        {
            "transaction_id": event.object_id,
            "event": event.name,
            "event_id": event.event_id,
            "sequence": sequence,
            "status": event.status,
            "timestamp": iso(event.at),
            "data": event.data,
        }
    )


def pack(body: bytes) -> bytes:
    """Compress a body."""
    packer = zlib.compressobj(9, zdict=_WORDS)
    return packer.compress(body) + packer.flush()


def shown_attempts(record: EventRecord) -> list[Mapping[str, Any]]:
    """Return an event's attempts as they are shown: never with anything of the receiver's answer."""
    return [
        {"at": iso(at), "status_code": status, "duration_ms": milliseconds, "failure": failure}
        for at, status, milliseconds, failure in record.attempts_made
    ]
