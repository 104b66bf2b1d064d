"""What one verb did to a payment: the new state, the ledger's part, and whether the merchant is told."""

from dataclasses import dataclass, replace

from chalicelib.payments import labels
from chalicelib.payments.deposits import Deposit
from chalicelib.payments.labels import Label
from chalicelib.payments.state import PaymentState
from chalicelib.payments.statuses import TRANSITIONS, Standing, Status, next_status


@dataclass(frozen=True, slots=True)
class Movement:
    """What the ledger books for one deposit, once for each ``movement_id``.

    Attributes:
        deposit_id: the deposit.
        movement_id: the ledger's identity of it: the deposit and its round.
        currency: catalogue code of what is booked.
        gross_units: all that arrived on the chain; the three below add up to it.
        net_units: the merchant's part.
        fee_units: the platform's part.
        dust_units: the part below what the API can show.
    """

    deposit_id: str
    movement_id: str
    currency: str
    gross_units: int
    net_units: int
    fee_units: int
    dust_units: int


class Credit(Movement):
    """Money that the merchant gets."""

    __slots__ = ()


class Reversal(Movement):
    """Money that a reorganised chain took back: all amounts are positive, and are taken away."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A step of a payment, to be stored in one piece.

    Attributes:
        state: the payment after it.
        event_due: whether the merchant must be told.
        deposits: the deposits that are new or changed; a credited one goes into the journal.
        credits: what the ledger credits.
        reversals: what the ledger takes back.
    """

    state: PaymentState
    event_due: bool
    deposits: tuple[Deposit, ...] = ()
    credits: tuple[Credit, ...] = ()
    reversals: tuple[Reversal, ...] = ()


def standing_of(state: PaymentState, now: float, *, is_double_spent: bool = False) -> Standing:
    """Return what decides where a payment goes at that moment."""
    return Standing(state.totals, state.tolerated_units, now >= state.expires_at, is_double_spent)


def settle(
    before: PaymentState,
    after: PaymentState,
    now: float,
    *,
    told: tuple[Label, ...] = (),
    movements: tuple[Movement, ...] = (),
    is_double_spent: bool = False,
) -> Change:
    """Bring status, labels and version in line with new sums, and say whether that is an event.

    Args:
        before: the payment as it is stored.
        after: the same with its deposits and sums changed.
        now: Unix seconds.
        told: labels that this step gives for good.
        movements: the credits and reversals of this step; each makes an event due.
        is_double_spent: whether this step lost money that can never come any more.
    """
    status = next_status(after.status, standing_of(after, now, is_double_spent=is_double_spent))
    assert status is before.status or status in TRANSITIONS[before.status]
    stored = replace(
        after,
        status=status,
        labels=labels.derive(
            status, after.totals, after.due_units, after.tolerated_units, (*before.labels, *told)
        ),
        version=before.version + 1,
        updated_at=now,
        completed_at=_completed_at(before, status, now),
    )
    return Change(
        stored.trimmed(),
        event_due=bool(movements) or (before.status, before.labels) != (stored.status, stored.labels),
        deposits=_changed(before, after),
        credits=tuple(m for m in movements if isinstance(m, Credit)),
        reversals=tuple(m for m in movements if isinstance(m, Reversal)),
    )


def _completed_at(before: PaymentState, status: Status, now: float) -> float | None:
    is_now = status is Status.COMPLETED and before.status is not Status.COMPLETED
    return now if is_now else before.completed_at


def _changed(before: PaymentState, after: PaymentState) -> tuple[Deposit, ...]:
    known = {d.deposit_id: d for d in before.deposits}
    return tuple(d for d in after.deposits if known.get(d.deposit_id) != d)
