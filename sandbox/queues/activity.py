"""What is going on in the queues: exact, without asking SQS how many messages it thinks it has.

A queue is idle when a receive that began after its last change came back empty and nothing received is still
being handled. A change is anything after which there may be something to receive: a message was sent, a batch
was finished, a message that had failed was let back in.
"""

import threading
from collections import Counter
from collections.abc import Iterable


class Activity:
    """Keeps count for all queues together, so that "all idle" is seen in one moment."""

    def __init__(self, queues: Iterable[str]) -> None:
        self._condition = threading.Condition()
        self._changes: Counter[str] = Counter()
        self._empty_as_of = dict.fromkeys(queues, -1)
        self._busy: Counter[str] = Counter()

    def changes(self, queue: str) -> int:
        """Return how often the queue has changed so far; to be asked before a receive."""
        with self._condition:
            return self._changes[queue]

    def changed(self, queue: str) -> None:
        """Note that there may be something to receive."""
        with self._condition:
            self._changes[queue] += 1
            self._condition.notify_all()

    def found_empty(self, queue: str, as_of: int) -> None:
        """Note that a receive found nothing; ``as_of`` is the number of changes before it."""
        with self._condition:
            self._empty_as_of[queue] = as_of
            self._condition.notify_all()

    def took(self, queue: str, messages: int) -> None:
        """Note that so many messages are ours to handle now."""
        with self._condition:
            self._busy[queue] += messages

    def finished(self, queue: str, messages: int) -> None:
        """Note that so many messages have been handled, well or badly; their groups may go on."""
        with self._condition:
            self._busy[queue] -= messages
            self._changes[queue] += 1
            self._condition.notify_all()

    def wait_for_change(self, queue: str, as_of: int, seconds: float) -> None:
        """Wait until the queue has changed since, but no longer than that."""
        with self._condition:
            self._condition.wait_for(lambda: self._changes[queue] != as_of, seconds)

    def wait_idle(self, queues: Iterable[str], seconds: float) -> bool:
        """Wait until these queues are idle together; tell whether they were before the time was up."""
        names = list(queues)
        with self._condition:
            return self._condition.wait_for(lambda: all(map(self._is_idle, names)), seconds)

    def _is_idle(self, queue: str) -> bool:
        return not self._busy[queue] and self._empty_as_of[queue] == self._changes[queue]
