"""The simulated chains' state on disk: one SQLite file that survives ``kill -9`` at any moment."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Amounts are TEXT: SQLite's integers end at 2^63, which is nine ether in wei.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS chains (
    blockchain TEXT PRIMARY KEY, height INTEGER NOT NULL, counter INTEGER NOT NULL,
    payouts TEXT NOT NULL, outage_until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS blocks (
    blockchain TEXT, height INTEGER, hash TEXT NOT NULL, PRIMARY KEY (blockchain, height)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transactions (
    blockchain TEXT, txid TEXT, arrival INTEGER NOT NULL, state TEXT NOT NULL, slot TEXT NOT NULL,
    sender TEXT, fee_units TEXT NOT NULL, is_bumped INTEGER NOT NULL, height INTEGER, ok INTEGER NOT NULL,
    PRIMARY KEY (blockchain, txid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS transactions_by_state ON transactions (blockchain, state, height, arrival);
CREATE INDEX IF NOT EXISTS transactions_by_slot ON transactions (blockchain, slot);
CREATE TABLE IF NOT EXISTS legs (
    blockchain TEXT, txid TEXT, direction TEXT, idx INTEGER, address TEXT NOT NULL, token TEXT NOT NULL,
    units TEXT NOT NULL, PRIMARY KEY (blockchain, txid, direction, idx)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS legs_by_address ON legs (blockchain, address);
CREATE TABLE IF NOT EXISTS balances (
    blockchain TEXT, address TEXT, token TEXT, units TEXT NOT NULL,
    PRIMARY KEY (blockchain, address, token)) WITHOUT ROWID;
"""

MEMPOOL, MINED, DROPPED, REPLACED, DOUBLESPENT = "mempool", "mined", "dropped", "replaced", "doublespent"
IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction as the node keeps it; ``slot`` is what it spends, ``sender`` is None for the faucet's."""

    txid: str
    state: str
    slot: str
    sender: str | None
    fee_units: int
    is_bumped: bool
    height: int | None
    ok: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """Money that a transaction moves: ``in`` to an address (an output), ``out`` of one (what pays for it)."""

    direction: str
    index: int
    address: str
    token: str
    units: int


class ChainStore:
    """One connection, one writer at a time, each change of state one SQLite transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; all of the state is in it."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make what happens inside one change: all of it lasts, or, on any exception, none of it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def look(self) -> Iterator[None]:
        """Make the reads inside see one state, between two changes."""
        with self._lock:
            yield

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def value(self, statement: str, *values: Any) -> Any:
        """Return the first column of the first row, or None."""
        rows = self.rows(statement, *values)
        return rows[0][0] if rows else None

    def run_many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement once for each row of values."""
        with self._lock:
            self._connection.executemany(statement, rows)
