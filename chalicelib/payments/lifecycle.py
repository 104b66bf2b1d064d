"""The life of a payment: one pure function for each thing that can happen to it.

Each verb returns the step to store, or None when there is nothing to do: the same message twice, late or out of
order changes nothing. Where a status may go is told by the table in ``statuses``.
"""

from dataclasses import replace
from typing import TypeVar

from chalicelib.payments import pricing
from chalicelib.payments.admission import RateNeededError, admit, is_full, needs_rate
from chalicelib.payments.changes import Change, Credit, Movement, Reversal, settle
from chalicelib.payments.deposits import Deposit, DepositState, Sighting
from chalicelib.payments.labels import Label
from chalicelib.payments.pricing import Terms
from chalicelib.payments.state import PaymentState
from chalicelib.payments.statuses import EXPIRING, TRANSITIONS, Status
from chalicelib.payments.totals import Totals

__all__ = [
    "TRANSITIONS",
    "Change",
    "Credit",
    "Deposit",
    "DepositState",
    "Label",
    "Movement",
    "PaymentState",
    "RateNeededError",
    "Reversal",
    "Sighting",
    "Status",
    "admit",
    "credit",
    "expire",
    "impossible",
    "is_full",
    "needs_rate",
    "opened",
    "orphan",
    "reverse",
]

MovementT = TypeVar("MovementT", Credit, Reversal)


def opened(
    terms: Terms,
    tolerated_units: int,
    currency: str,
    decimals: int,
    *,
    is_fixed_rate: bool,
    is_priced_in_coin: bool,
    expires_at: float,
    now: float,
) -> PaymentState:
    """Return a payment that has just been made: it waits.

    Args:
        terms: what is owed and what the merchant gets, in the coin's smallest units.
        tolerated_units: the least worth that counts as paid.
        currency: catalogue code of the coin.
        decimals: the coin's decimals.
        is_fixed_rate: whether the amount due is frozen until the expiry.
        is_priced_in_coin: whether the price is in the coin itself.
        expires_at: Unix seconds.
        now: Unix seconds.
    """
    return PaymentState(
        currency=currency,
        decimals=decimals,
        due_units=terms.due_units,
        net_due_units=terms.net_due_units,
        tolerated_units=tolerated_units,
        is_fixed_rate=is_fixed_rate,
        is_priced_in_coin=is_priced_in_coin,
        expires_at=expires_at,
        updated_at=now,
    )


def credit(state: PaymentState, deposit_id: str, now: float) -> Change | None:
    """Credit a deposit that is deep enough, whatever the payment's status.

    The caller has asked the chain again just before: the transaction succeeded, in the block that is known,
    at the depth that its currency asks for. Dust, what is in no block and what is not open are passed over.
    """
    deposit = state.deposit(deposit_id)
    if deposit is None or deposit.state is not DepositState.SEEN or deposit.height is None:
        return None
    totals, net_units = _totals_credited(state, deposit)
    closed = deposit.closed(DepositState.CREDITED, now, net_units)
    after = replace(state.with_deposit(closed), totals=totals)
    return settle(state, after, now, movements=(_booked(Credit, closed, net_units),))


def reverse(state: PaymentState, deposit_id: str, now: float, known: Deposit | None = None) -> Change | None:
    """Take back a credited deposit that a reorganisation of the chain took away.

    Args:
        state: the payment; a completed one stays completed.
        deposit_id: the deposit.
        now: Unix seconds.
        known: the deposit as the journal has it, if it has fallen off the payment's list.
    """
    deposit = state.deposit(deposit_id) or known
    if deposit is None or deposit.state is not DepositState.CREDITED:
        return None
    totals, net_units = _totals_reversed(state, deposit)
    after = replace(state.with_deposit(deposit.closed(DepositState.REVERSED, now)), totals=totals)
    told = (Label.REORGED, Label.REVERSED)
    return settle(state, after, now, told=told, movements=(_booked(Reversal, deposit, net_units),))


def orphan(state: PaymentState, deposit_id: str, now: float) -> Change | None:
    """Take out an open deposit whose block is gone and which is not mined any more.

    A credited one is passed over: that is a case for :func:`reverse`.
    """
    return _lose(state, deposit_id, DepositState.ORPHANED, now)


def impossible(state: PaymentState, deposit_id: str, now: float) -> Change | None:
    """Take out an open deposit whose coins went elsewhere for good (a double spend).

    A confirming payment fails if nothing else has come for it. A credited deposit is a case for :func:`reverse`.
    """
    return _lose(state, deposit_id, DepositState.DOUBLE_SPENT, now)


def expire(state: PaymentState, now: float) -> Change | None:
    """End the time of a payment: a waiting one expires, an under-paid one keeps what came.

    A confirming one is left alone, and so is any before its expiry.
    """
    if now < state.expires_at or state.status not in EXPIRING:
        return None
    return settle(state, state, now)


def _lose(state: PaymentState, deposit_id: str, loss: DepositState, now: float) -> Change | None:
    deposit = state.deposit(deposit_id)
    if deposit is None or not deposit.is_open:
        return None
    after = state.with_deposit(deposit.closed(loss, now))
    if not deposit.is_live:
        return settle(state, after, now)
    after = replace(after, totals=state.totals.sighted(deposit, state.owns(deposit), -1))
    told = () if deposit.height is None else (Label.REORGED,)
    return settle(state, after, now, told=told, is_double_spent=loss is DepositState.DOUBLE_SPENT)


def _totals_credited(state: PaymentState, deposit: Deposit) -> tuple[Totals, int]:
    if not state.owns(deposit):
        # In its own currency, with the fee of the same terms: the fee cannot be dodged by another coin.
        return state.totals, pricing.credited_total(deposit.whole_units, state.terms, deposit.decimals)
    received = state.totals.received_units + deposit.whole_units
    credited = pricing.credited_total(received, state.terms, state.decimals)
    return state.totals.received(deposit, credited), credited - state.totals.credited_units


def _totals_reversed(state: PaymentState, deposit: Deposit) -> tuple[Totals, int]:
    is_own = state.owns(deposit)
    totals = state.totals.sighted(deposit, is_own, -1)
    if not is_own:
        return totals, deposit.credited_units
    received = state.totals.received_units - deposit.whole_units
    credited = pricing.credited_total(received, state.terms, state.decimals)
    return totals.received(deposit, credited, -1), state.totals.credited_units - credited


def _booked(kind: type[MovementT], deposit: Deposit, net_units: int) -> MovementT:
    return kind(
        deposit_id=deposit.deposit_id,
        movement_id=deposit.movement_id,
        currency=deposit.currency,
        gross_units=deposit.units,
        net_units=net_units,
        fee_units=deposit.whole_units - net_units,
        dust_units=deposit.remainder_units,
    )
