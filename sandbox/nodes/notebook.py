"""What a hand must remember that its node does not tell: a file of named JSON values, or memory alone."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

_SCHEMA = "CREATE TABLE IF NOT EXISTS notes (room TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (room, name))"
_ONE = "SELECT value FROM notes WHERE room = ? AND name = ?"


class Notebook:
    """Values by room and name. Each write is on disk when it returns; without a path nothing outlives us."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(_SCHEMA)

    def get(self, room: str, name: str, default: Any = None) -> Any:
        """Return a value, or the default when it was never put."""
        with self._lock:
            found = self._file.execute(_ONE, (room, name)).fetchone()
        return default if found is None else json.loads(found[0])

    def put(self, room: str, name: str, value: Any) -> None:
        """Write a value, in place of the one of that name."""
        with self._lock:
            self._file.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (room, name, json.dumps(value)))

    def all(self, room: str) -> dict[str, Any]:
        """Return all values of a room by name, the first one written first."""
        with self._lock:
            rows = self._file.execute("SELECT name, value FROM notes WHERE room = ? ORDER BY rowid", (room,))
            return {name: json.loads(value) for name, value in rows}

    def remove(self, room: str, name: str) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._file.execute("DELETE FROM notes WHERE room = ? AND name = ?", (room, name))

    def next_count(self) -> int:
        """Count on, from 1."""
        count = int(self.get("", "count", 0)) + 1
        self.put("", "count", count)
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
