"""The sandbox's clock: real time, moved ahead by the person at the controls, and never back."""

import math
import threading
import time
from collections.abc import Callable

from sandbox.state_file import StateFile

_SCHEMA = "CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), offset REAL, latest REAL);"
_NOTED_EVERY_SECONDS = 5.0


class SandboxClock:
    """Real time plus an offset that only grows; both survive a restart, and so does what was told last.

    Args:
        file: where the offset is kept.
        real_time: the machine's time in Unix seconds.
    """

    def __init__(self, file: StateFile, real_time: Callable[[], float] = time.time) -> None:
        self._file = file
        self._real_time = real_time
        self._lock = threading.Lock()
        file.script(_SCHEMA)
        rows = file.rows("SELECT offset, latest FROM clock")
        self._offset, self._latest = (float(rows[0][0]), float(rows[0][1])) if rows else (0.0, 0.0)
        self._noted = -math.inf
        self.move_to(self._latest)  # the machine's time may have been set back since

    def now(self) -> float:
        """Return the sandbox's time in Unix seconds; never less than before, whatever the machine says."""
        with self._lock:
            self._latest = max(self._latest, self._real_time() + self._offset)
            if self._latest - self._noted >= _NOTED_EVERY_SECONDS:
                self._note()
            return self._latest

    def move_to(self, unix_seconds: float) -> None:
        """Move ahead to a time; one that has passed changes nothing."""
        with self._lock:
            self._latest = max(self._latest, self._real_time() + self._offset, unix_seconds)
            self._offset = max(self._offset, self._latest - self._real_time())
            self._note()

    def _note(self) -> None:
        self._noted = self._latest
        self._file.run("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", self._offset, self._latest)
