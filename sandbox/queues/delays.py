"""Messages that were sent with a delay: kept on disk until the sandbox's clock has reached their time.

SQS would count the delay in real time, which an advance of the clock does not move.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.state_file import StateFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS delayed_messages (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, due_at REAL NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS delayed_messages_by_time ON delayed_messages (due_at);
"""


@dataclass(frozen=True, slots=True)
class DelayedMessage:
    """A message that waits for its time.

    Attributes:
        id: grows with each message: those due at one time leave in the order in which they came.
        queue: the queue's role.
        message: the parameters of its SendMessage, without queue and delay.
    """

    id: int
    queue: str
    message: Mapping[str, Any]


class DelayStore:
    """The delayed messages of all queues."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        file.script(_SCHEMA)

    def add(self, queue: str, due_at: float, message: Mapping[str, Any]) -> int:
        """Keep a message until that time; returns its id."""
        statement = "INSERT INTO delayed_messages (queue, due_at, message) VALUES (?, ?, ?)"
        return self._file.run(statement, queue, due_at, json.dumps(message))

    def due(self, now: float) -> list[DelayedMessage]:
        """Return the messages whose time has come, the earliest first; they stay until they are removed."""
        statement = "SELECT id, queue, message FROM delayed_messages WHERE due_at <= ? ORDER BY due_at, id"
        return [
            DelayedMessage(key, queue, json.loads(text)) for key, queue, text in self._file.rows(statement, now)
        ]

    def next_due(self) -> float | None:
        """Return the time of the earliest message, or None."""
        [(earliest,)] = self._file.rows("SELECT min(due_at) FROM delayed_messages")
        return None if earliest is None else float(earliest)

    def remove(self, message_id: int) -> None:
        """Forget a message that has been sent."""
        self._file.run("DELETE FROM delayed_messages WHERE id = ?", message_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._file.run("DELETE FROM delayed_messages")
