"""A small SQLite file of the sandbox's own: survives ``kill -9`` at any moment, shared by all threads."""

import sqlite3
import threading
from pathlib import Path
from typing import Any


class StateFile:
    """One connection, one statement at a time; each statement is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Close the file; all of the state is in it."""
        with self._lock:
            self._connection.close()

    def __del__(self) -> None:
        """Close what was left open: nobody else has the connection."""
        self._connection.close()

    def script(self, statements: str) -> None:
        """Run statements without values, such as a schema."""
        with self._lock:
            self._connection.executescript(statements)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement and return the id of the row that it inserted last."""
        with self._lock:
            return self._connection.execute(statement, values).lastrowid or 0
