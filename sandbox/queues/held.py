"""Messages that a worker could not handle: they come back after a pause on the sandbox's clock.

They stay invisible in SQS meanwhile, so SQS itself counts their receives, keeps a FIFO group in its order, and
moves them to the dead-letter queue in the end. On AWS the pause is the queue's visibility timeout.
"""

import threading
from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 90.0  # below every queue's visibility timeout, which runs in real time beside it


def pause_seconds(receive_count: int) -> float:
    """Return how long a message waits after its n-th failure: 10 s, doubled each time."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (receive_count - 1), LONGEST_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True, order=True)
class HeldMessage:
    """A message in its pause.

    Attributes:
        due_at: when it may come back, in Unix seconds of the sandbox's clock.
        queue: the queue's role.
        receipt_handle: what SQS knows it by.
    """

    due_at: float
    queue: str
    receipt_handle: str


class HeldMessages:
    """All messages in their pause; in memory, since SQS lets them back by itself when we are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[HeldMessage] = []

    def add(self, message: HeldMessage) -> None:
        """Hold a message until its time."""
        with self._lock:
            self._held.append(message)

    def take_due(self, now: float) -> list[HeldMessage]:
        """Take out the messages whose pause is over, the earliest first."""
        with self._lock:
            due = sorted(message for message in self._held if message.due_at <= now)
            self._held = [message for message in self._held if message.due_at > now]
            return due

    def next_due(self) -> float | None:
        """Return when the next pause is over, or None."""
        with self._lock:
            return min((message.due_at for message in self._held), default=None)

    def clear(self) -> list[HeldMessage]:
        """Forget all of them; returns what they were."""
        with self._lock:
            held, self._held = self._held, []
            return held
