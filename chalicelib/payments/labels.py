"""What was odd about a payment, on an axis of its own beside the status."""

from collections.abc import Iterable
from enum import StrEnum

from chalicelib.payments.statuses import Status
from chalicelib.payments.totals import Totals


class Label(StrEnum):
    """One oddity; a payment shows its labels in this order."""

    UNDERPAID = "UNDERPAID"
    OVERPAID = "OVERPAID"
    LATE = "LATE"
    MULTIPLE = "MULTIPLE"
    REORGED = "REORGED"
    REVERSED = "REVERSED"
    WRONG_CURRENCY = "WRONG_CURRENCY"


# What happened once stays told; the other labels follow the sums.
STICKY = frozenset({Label.REORGED, Label.REVERSED, Label.WRONG_CURRENCY})

_PARTIAL = frozenset({Status.PARTIALLY_PAID, Status.PARTIALLY_COMPLETED})


def derive(
    status: Status, totals: Totals, due_units: int, tolerated_units: int, told: Iterable[Label]
) -> tuple[Label, ...]:
    """Return the labels of a payment, in their fixed order.

    Args:
        status: where the payment stands.
        totals: what has come for it.
        due_units: what the customer owes.
        tolerated_units: the least worth that counts as paid; the same tolerance holds above the amount due.
        told: labels from before and new ones; of these only the sticky ones stay on their own account.
    """
    most_units = due_units + (due_units - tolerated_units)
    holds = {
        # While late money confirms, a partly paid payment stays what it is: both labels move with the status.
        Label.UNDERPAID: status in _PARTIAL and totals.counted_units > 0,
        Label.OVERPAID: status not in _PARTIAL and totals.counted_units > most_units,
        Label.LATE: totals.late > 0,
        Label.MULTIPLE: totals.counting > 1,
        **{label: label in set(told) for label in STICKY},
    }
    return tuple(label for label in Label if holds[label])
