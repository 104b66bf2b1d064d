"""The local prices at the controls: moved, or silenced, on disk like all else."""

import threading
from collections.abc import Sequence
from fractions import Fraction

from chalicelib.clock import Clock
from chalicelib.currencies.sources.seeded import PriceControls, SeededPrices
from sandbox.state_file import StateFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS moved_prices (symbol TEXT PRIMARY KEY, usd TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS silenced_prices (id INTEGER PRIMARY KEY CHECK (id = 1), are_silent INTEGER NOT NULL);
"""


class PriceDesk:
    """What someone has changed about the seeded prices."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        file.script(_SCHEMA)
        moved = {symbol: Fraction(usd) for symbol, usd in file.rows("SELECT symbol, usd FROM moved_prices")}
        silent = file.rows("SELECT are_silent FROM silenced_prices WHERE are_silent = 1")
        self._controls = PriceControls(usd_prices=moved, are_all_silent=bool(silent))

    def controls(self) -> PriceControls:
        """Return what is in force now."""
        return self._controls

    def move(self, symbol: str, usd: Fraction) -> None:
        """Let one whole coin be worth so many US dollars from now on."""
        with self._lock:
            now = self._controls
            self._controls = PriceControls({**now.usd_prices, symbol: usd}, now.silent_sources, now.are_all_silent)
            self._file.run("INSERT OR REPLACE INTO moved_prices VALUES (?, ?)", symbol, str(usd))

    def silence(self, are_silent: bool) -> None:
        """Let all sources answer no more, or answer again."""
        with self._lock:
            now = self._controls
            self._controls = PriceControls(now.usd_prices, now.silent_sources, are_silent)
            self._file.run("INSERT OR REPLACE INTO silenced_prices VALUES (1, ?)", int(are_silent))

    def sources(self, names: Sequence[str], seed: int, clock: Clock) -> list[SeededPrices]:
        """Return price sources with these names that heed the controls."""
        return [SeededPrices(name, seed, clock, self.controls) for name in names]
