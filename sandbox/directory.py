"""The sandbox's directory: one sandbox at a time, and, for the engine that needs it, the last clean stop's state.

MiniStack keeps its tables over a clean stop only. After a power cut the chains and inboxes go back to that stop as
well: a table that has forgotten which addresses it gave out would otherwise meet old money on them.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.variables import VariableError

CHAINS, SURROUNDINGS, CLOCK, NODES = "chains.sqlite", "surroundings.sqlite", "clock.sqlite", "nodes"
_KEPT = (CHAINS, SURROUNDINGS, NODES)  # not the clock: it never goes back
_RUNNING, _LAST_CLEAN_STOP = "running", "last-clean-stop"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory, and have it for this process alone.

    Raises:
        VariableError: another sandbox runs in it, or it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise VariableError(f"SANDBOX_DIR cannot be used: {error}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VariableError(
                f"A sandbox is running in {directory} already: stop it, or set SANDBOX_DIR to another directory."
            ) from None
        yield


def note_start(directory: Path) -> bool:
    """Note that the sandbox runs; tells whether its last stop was clean (or this is its first start)."""
    was_clean = not (directory / _RUNNING).exists()
    (directory / _RUNNING).touch()
    return was_clean


def note_clean_stop(directory: Path) -> None:
    """Keep the state as it is now, with every file closed, as that of the last clean stop."""
    fresh = directory / f"{_LAST_CLEAN_STOP}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in _KEPT:
        _copy(directory / name, fresh / name)
    shutil.rmtree(directory / _LAST_CLEAN_STOP, ignore_errors=True)
    fresh.rename(directory / _LAST_CLEAN_STOP)
    (directory / _RUNNING).unlink(missing_ok=True)


def go_back_to_clean_stop(directory: Path) -> None:
    """Put back what the last clean stop kept; when there was none, the state is empty."""
    for name in _KEPT:
        for beside in ("", "-wal", "-shm"):
            _remove(directory / f"{name}{beside}")
        _copy(directory / _LAST_CLEAN_STOP / name, directory / name)


def _copy(kept: Path, to: Path) -> None:
    """Copy a file or a directory, if there is one."""
    if kept.is_dir():
        shutil.copytree(kept, to)
    elif kept.exists():
        shutil.copy2(kept, to)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
