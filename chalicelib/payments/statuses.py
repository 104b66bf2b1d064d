"""The statuses of a payment: the one table of where each may go, and the rule that picks the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.payments.totals import Totals


class Status(StrEnum):
    """Where a payment stands; what was odd about it is told by its labels."""

    WAITING = "waiting"
    PARTIALLY_PAID = "partially_paid"
    CONFIRMING = "confirming"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    EXPIRED = "expired"
    FAILED = "failed"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.PARTIALLY_PAID, Status.CONFIRMING, Status.EXPIRED}),
    Status.PARTIALLY_PAID: frozenset({Status.CONFIRMING, Status.PARTIALLY_COMPLETED, Status.WAITING}),
    Status.CONFIRMING: frozenset(
        {
            Status.COMPLETED,
            Status.FAILED,
            Status.PARTIALLY_PAID,
            Status.WAITING,
            Status.EXPIRED,
            Status.PARTIALLY_COMPLETED,
        }
    ),
    Status.COMPLETED: frozenset(),
    Status.PARTIALLY_COMPLETED: frozenset({Status.COMPLETED}),
    Status.EXPIRED: frozenset({Status.COMPLETED, Status.PARTIALLY_COMPLETED}),
    Status.FAILED: frozenset(),
}

# The statuses that a passing expiry ends.
EXPIRING = frozenset({Status.WAITING, Status.PARTIALLY_PAID})


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides where a payment goes next.

    Attributes:
        totals: what has come so far.
        tolerated_units: the least worth that counts as paid.
        is_past_expiry: whether its time is over.
        is_double_spent: whether the change at hand is money that can never come any more.
    """

    totals: Totals
    tolerated_units: int
    is_past_expiry: bool
    is_double_spent: bool = False

    @property
    def is_covered(self) -> bool:
        """Whether enough has been seen."""
        return self.totals.counted_units >= self.tolerated_units

    @property
    def is_paid(self) -> bool:
        """Whether enough is deep."""
        return self.totals.deep_counted_units >= self.tolerated_units


def next_status(status: Status, standing: Standing) -> Status:
    """Return where a payment stands now: the same status, or one step along the table."""
    return _STEPS[status](standing)


def _from_waiting(standing: Standing) -> Status:
    if standing.is_covered:
        return Status.CONFIRMING
    if standing.totals.counted_units:
        return Status.PARTIALLY_PAID
    return Status.EXPIRED if standing.is_past_expiry else Status.WAITING


def _from_partially_paid(standing: Standing) -> Status:
    if standing.is_covered:
        return Status.CONFIRMING
    if not standing.totals.counted_units:
        return Status.WAITING
    return Status.PARTIALLY_COMPLETED if standing.is_past_expiry else Status.PARTIALLY_PAID


def _from_confirming(standing: Standing) -> Status:
    if standing.is_paid:
        return Status.COMPLETED
    if standing.is_covered:
        return Status.CONFIRMING
    return _uncovered(standing)


def _uncovered(standing: Standing) -> Status:
    totals = standing.totals
    if standing.is_double_spent and not totals.counted_units:
        return Status.FAILED
    if not standing.is_past_expiry:
        return Status.PARTIALLY_PAID if totals.counted_units else Status.WAITING
    # Late money alone makes nothing of an expired payment before it is credited.
    has_come = totals.deep_counted_units or totals.in_time_counted_units
    return Status.PARTIALLY_COMPLETED if has_come else Status.EXPIRED


def _from_expired(standing: Standing) -> Status:
    if standing.is_paid:
        return Status.COMPLETED
    return Status.PARTIALLY_COMPLETED if standing.totals.deep_counted_units else Status.EXPIRED


def _from_partially_completed(standing: Standing) -> Status:
    return Status.COMPLETED if standing.is_paid else Status.PARTIALLY_COMPLETED


_STEPS: Mapping[Status, Callable[[Standing], Status]] = {
    Status.WAITING: _from_waiting,
    Status.PARTIALLY_PAID: _from_partially_paid,
    Status.CONFIRMING: _from_confirming,
    Status.COMPLETED: lambda _: Status.COMPLETED,
    Status.PARTIALLY_COMPLETED: _from_partially_completed,
    Status.EXPIRED: _from_expired,
    Status.FAILED: lambda _: Status.FAILED,
}
