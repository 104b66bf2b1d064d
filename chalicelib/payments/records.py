"""A payment and its address pointer as items. Names are short in storage: a payment fits one write unit."""

from dataclasses import replace
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.payments.deposits import Deposit, DepositState
from chalicelib.payments.labels import Label
from chalicelib.payments.state import PaymentState
from chalicelib.payments.statuses import Status
from chalicelib.payments.totals import Totals
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record

FIXED_RATE, PRICED_IN_COIN, FEE_PAID_BY_USER = 1, 2, 4


class PaymentRecord(Record):
    """A payment. Times are Unix milliseconds, amounts smallest units.

    Attributes:
        address_index: which deposit address of its family it has.
        flags: fixed rate, priced in coin, fee paid by user.
        due: what the customer owes.
        net_due: what the merchant gets of that.
        tolerated: the least that counts as paid.
        rate: coins for one price unit at creation, as shown.
        usd_cents: the price in US dollars; none when priced in the coin.
        moving: what changes: see ``stored_state``.
        untold: steps whose telling may not have been numbered yet: see ``steps.py``.
        lk: the list index's partition of the order, when the merchant named it.
        lv: the payment's id, with it.
    """

    expiry_bucket = UnicodeAttribute()
    address_index = IntegerAttribute(attr_name="i")
    currency = UnicodeAttribute(attr_name="c")
    status = UnicodeAttribute(attr_name="s")
    version = IntegerAttribute(attr_name="v")
    price_units = IntegerAttribute(attr_name="p")
    price_currency = UnicodeAttribute(attr_name="pc")
    due = IntegerAttribute(attr_name="d")
    net_due = IntegerAttribute(attr_name="n")
    tolerated = IntegerAttribute(attr_name="t")
    rate = UnicodeAttribute(attr_name="r")
    usd_cents = IntegerAttribute(attr_name="u", null=True)
    flags = IntegerAttribute(attr_name="f")
    address = UnicodeAttribute(attr_name="a")
    order_id = UnicodeAttribute(attr_name="o")
    order_description = UnicodeAttribute(attr_name="od", null=True)
    customer_email = UnicodeAttribute(attr_name="e", null=True)
    wallet_id = UnicodeAttribute(attr_name="w", null=True)
    callback_url = UnicodeAttribute(attr_name="cb", null=True)
    created_at = IntegerAttribute(attr_name="ca")
    expires_at = IntegerAttribute(attr_name="xa")
    moving = CompactJsonAttribute(attr_name="m", null=True)
    untold = CompactJsonAttribute(attr_name="l", null=True)
    lk = UnicodeAttribute(null=True)
    lv = UnicodeAttribute(null=True)

    def state(self, decimals: int) -> PaymentState:
        """Return the payment as its rules see it; ``decimals`` are its currency's."""
        return self.state_of(decimals, self.status, self.version, self.moving)

    def state_of(self, decimals: int, status: str, version: int, moving: Any) -> PaymentState:
        """Return the payment as its rules saw it when these were its status, version and moving part."""
        opened = PaymentState(
            currency=self.currency,
            decimals=decimals,
            due_units=self.due,
            net_due_units=self.net_due,
            tolerated_units=self.tolerated,
            is_fixed_rate=bool(self.flags & FIXED_RATE),
            is_priced_in_coin=bool(self.flags & PRICED_IN_COIN),
            expires_at=self.expires_at / 1000,
            updated_at=self.created_at / 1000,
            status=Status(status),
            version=version,
        )
        return read_moving(opened, moving) if moving else opened


class AddressPointer(Record):
    """Which payment a deposit address belongs to."""

    tenant_id = UnicodeAttribute(attr_name="t")
    payment_id = UnicodeAttribute(attr_name="p")
    index = IntegerAttribute(attr_name="i")


def stored_moving(state: PaymentState) -> list[Any]:
    """Return the part of a payment that changes, in its stored shape."""
    totals = state.totals
    return [
        [str(label) for label in state.labels],
        int(state.updated_at * 1000),
        int(state.completed_at * 1000) if state.completed_at is not None else None,
        state.deposits_count,
        [
            totals.seen_units,
            totals.counted_units,
            totals.late_counted_units,
            totals.deep_counted_units,
            totals.received_units,
            totals.credited_units,
            totals.counting,
            totals.late,
        ],
        [stored_deposit(deposit) for deposit in state.deposits],
    ]


def read_moving(opened: PaymentState, moving: Any) -> PaymentState:
    """Put the stored moving part back into a payment."""
    labels, updated_at, completed_at, deposits_count, totals, deposits = moving
    return replace(
        opened,
        labels=tuple(Label(label) for label in labels),
        updated_at=updated_at / 1000,
        completed_at=completed_at / 1000 if completed_at is not None else None,
        deposits_count=deposits_count,
        totals=Totals(*totals),
        deposits=tuple(read_deposit(deposit) for deposit in deposits),
    )


def stored_deposit(deposit: Deposit) -> list[Any]:
    """Return a deposit in its stored shape."""
    return [
        deposit.blockchain,
        deposit.txid,
        deposit.index,
        deposit.currency,
        deposit.decimals,
        deposit.units,
        deposit.counted_units,
        deposit.state.value,
        int(deposit.first_seen_at * 1000),
        int(deposit.is_late),
        deposit.height,
        deposit.block_hash,
        deposit.round,
        deposit.credited_units,
        int(deposit.closed_at * 1000) if deposit.closed_at is not None else None,
    ]


def read_deposit(stored: Any) -> Deposit:
    """Read a deposit back."""
    (blockchain, txid, index, currency, decimals, units, counted_units, state, *later) = stored
    (first_seen_at, is_late, height, block_hash, turn, credited_units, closed_at) = later
    return Deposit(
        blockchain=blockchain,
        txid=txid,
        index=index,
        currency=currency,
        decimals=decimals,
        units=units,
        counted_units=counted_units,
        state=DepositState(state),
        first_seen_at=first_seen_at / 1000,
        is_late=bool(is_late),
        height=height,
        block_hash=block_hash,
        round=turn,
        credited_units=credited_units,
        closed_at=closed_at / 1000 if closed_at is not None else None,
    )
