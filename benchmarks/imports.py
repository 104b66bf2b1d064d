"""What a cold start imports: CPU of loading the API's handler in fresh interpreters."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.figures import MILLISECONDS, Figure

REPOSITORY = Path(__file__).resolve().parents[1]
TIMES = 10
TIMES_UNCOMPILED = 3
API = "app"

_TIMED = "import time; begun = time.process_time(); import {}; print(time.process_time() - begun)"


def api_import() -> Iterator[Figure]:
    """The import of ``app.py``: with its bytecode cached, and compiled from source, as a zip has it."""
    yield Figure("api_import.cpu_ms", import_milliseconds(API), MILLISECONDS)
    with tempfile.TemporaryDirectory() as empty:
        never_cached = {"PYTHONPYCACHEPREFIX": empty, "PYTHONDONTWRITEBYTECODE": "1"}
        compiled = [_cpu_seconds(API, never_cached) for _ in range(TIMES_UNCOMPILED)]
    yield Figure("api_import_uncompiled.cpu_ms", 1000 * median(compiled), MILLISECONDS)


def import_milliseconds(modules: str) -> float:
    """Return the CPU milliseconds of importing modules: the median of ten fresh interpreters, bytecode cached.

    Args:
        modules: their names, separated by commas.
    """
    with tempfile.TemporaryDirectory() as cache:
        cached = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        _cpu_seconds(modules, cached)
        return 1000 * median(_cpu_seconds(modules, cached) for _ in range(TIMES))


def _cpu_seconds(modules: str, variables: Mapping[str, str]) -> float:
    done = subprocess.run(  # noqa: S603 -- our own interpreter on our own line
        [sys.executable, "-c", _TIMED.format(modules)],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        capture_output=True,
        check=True,
        text=True,
    )
    return float(done.stdout)
