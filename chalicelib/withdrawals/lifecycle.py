"""The statuses of a withdrawal, and where each may go. Pure: nothing is stored here."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a withdrawal stands.

    ``pending``: accepted and held for; ``processing``: signed, the bytes are stored; ``submitted``: a node has
    it; the others are final: nothing follows them.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.CANCELLED, Status.REJECTED}),
    Status.PROCESSING: frozenset({Status.SUBMITTED, Status.FAILED}),
    Status.SUBMITTED: frozenset({Status.COMPLETED, Status.FAILED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.CANCELLED: frozenset(),
}
RELEASING = frozenset({Status.FAILED, Status.REJECTED, Status.CANCELLED})
"""The ends at which what was held goes back to the account."""


class TransitionError(Exception):
    """A withdrawal in this status cannot go there any more.

    Attributes:
        status: where it stands.
        wanted: where it was to go.
    """

    def __init__(self, status: Status, wanted: Status) -> None:
        super().__init__(f"a withdrawal that is {status} cannot become {wanted}")
        self.status, self.wanted = status, wanted


@dataclass(frozen=True, slots=True)
class Change:
    """A step of a withdrawal, to be stored in one piece.

    Attributes:
        status: the status after it.
        version: the version after it.
        at: Unix milliseconds.
        error_message: why it failed or was rejected; None otherwise.
    """

    status: Status
    version: int
    at: int
    error_message: str | None = None

    @property
    def completed_at(self) -> int | None:
        """When it was completed, if this step does that."""
        return self.at if self.status is Status.COMPLETED else None


def is_final(status: str) -> bool:
    """Tell whether nothing can follow."""
    return not TRANSITIONS[Status(status)]


def change(status: str, version: int, wanted: Status, at: int, error_message: str | None = None) -> Change:
    """Decide a step to another status.

    Args:
        status: where the withdrawal stands.
        version: its version.
        wanted: where it is to go.
        at: Unix milliseconds.
        error_message: why, where it fails or is rejected.

    Raises:
        TransitionError: it cannot go there.
    """
    now = Status(status)
    if wanted not in TRANSITIONS[now]:
        raise TransitionError(now, wanted)
    return Change(wanted, version + 1, at, error_message)


def cancel(status: str, version: int, at: int) -> Change:
    """Decide that the merchant takes it back: possible until something is signed for it.

    Raises:
        TransitionError: it is too late.
    """
    return change(status, version, Status.CANCELLED, at)


def reject(status: str, version: int, at: int, reason: str) -> Change:
    """Decide that the operator turns it down, with a reason: possible until something is signed for it.

    Raises:
        TransitionError: it is too late.
    """
    return change(status, version, Status.REJECTED, at, reason)
