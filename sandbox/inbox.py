"""Webhook receivers: they keep what comes, on disk, and answer as they were told."""

import json
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from chalicelib.clock import Clock, iso
from sandbox.state_file import StateFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox_messages (
    id INTEGER PRIMARY KEY, inbox TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
    received_at TEXT NOT NULL, answered INTEGER);
CREATE INDEX IF NOT EXISTS inbox_messages_by_inbox ON inbox_messages (inbox, id);
CREATE TABLE IF NOT EXISTS inbox_manners (
    inbox TEXT PRIMARY KEY, status INTEGER NOT NULL, delay_seconds REAL NOT NULL, headers TEXT NOT NULL);
"""
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Manners:
    """How a receiver answers.

    Attributes:
        status: the HTTP status.
        delay_seconds: how long it takes, in real time: it is the sender's patience that is tried.
        headers: more headers of the answer.
    """

    status: int = HTTPStatus.OK
    delay_seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


class Inbox:
    """All receivers, by name; each exists as soon as it is named."""

    def __init__(self, file: StateFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        file.script(_SCHEMA)

    def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a message; returns its number. It counts as not answered until ``note_answer``."""
        statement = "INSERT INTO inbox_messages (inbox, headers, body, received_at) VALUES (?, ?, ?, ?)"
        return self._file.run(statement, name, json.dumps(dict(headers)), body, iso(self._clock.now()))

    def note_answer(self, message: int, status: int) -> None:
        """Note that the sender got its answer."""
        self._file.run("UPDATE inbox_messages SET answered = ? WHERE id = ?", status, message)

    def messages(self, name: str) -> list[dict[str, Any]]:
        """Return what came to a receiver, oldest first."""
        statement = "SELECT headers, body, received_at, answered FROM inbox_messages WHERE inbox = ? ORDER BY id"
        return [
            {
                "headers": json.loads(headers),
                "body": body.decode(errors="replace"),
                "received_at": received_at,
                "answered": answered,
            }
            for headers, body, received_at, answered in self._file.rows(statement, name)
        ]

    def set_manners(self, name: str, manners: Manners) -> None:
        """Say how a receiver answers from now on."""
        statement = "INSERT OR REPLACE INTO inbox_manners VALUES (?, ?, ?, ?)"
        headers = json.dumps(dict(manners.headers))
        self._file.run(statement, name, int(manners.status), manners.delay_seconds, headers)

    def manners(self, name: str) -> Manners:
        """Return how a receiver answers: 200 at once, unless it was told otherwise."""
        statement = "SELECT status, delay_seconds, headers FROM inbox_manners WHERE inbox = ?"
        rows = self._file.rows(statement, name)
        return Manners(rows[0][0], rows[0][1], json.loads(rows[0][2])) if rows else Manners()


def wait_unless_gone(connection: socket.socket, seconds: float) -> bool:
    """Wait before an answer; tells whether the sender is still there to get it."""
    until = time.monotonic() + seconds
    while not _has_left(connection):
        remaining = until - time.monotonic()
        if remaining <= 0:
            return True
        time.sleep(min(remaining, _LOOK_SECONDS))
    return False


def _has_left(connection: socket.socket) -> bool:
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
