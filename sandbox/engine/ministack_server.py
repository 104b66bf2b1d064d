"""Serves MiniStack; run by path with the Python of MiniStack's own environment, never imported by the sandbox.

A Ctrl-C at the terminal, or a signal to the process group, reaches every process in it at once. MiniStack's own
start script would then stop before the workers that still use it. This one ignores those signals and stops when
its standard input closes: when the sandbox is done with it, or is gone, however it went.
"""

import asyncio
import fcntl
import os
import signal
import sys
from pathlib import Path
from typing import Any

CLEAN_MARK = "stopped-cleanly"
LOST_MARK = "lost-since-last-clean-stop"
GRACEFUL_SECONDS = 1.0


def main(listening_fd: int, state: Path) -> None:
    """Serve on a listening socket that was handed over, and save the state at the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # an orphan of a killed sandbox may still be saving
        from ministack.app import app  # noqa: PLC0415 - it reads its settings when imported

        _note_last_stop(state)
        asyncio.run(_serve(app, listening_fd))
        (state / CLEAN_MARK).touch()


def _note_last_stop(state: Path) -> None:
    clean = (state / CLEAN_MARK).exists() or not (state / "started").exists()
    (state / "started").touch()
    (state / CLEAN_MARK).unlink(missing_ok=True)
    if not clean:
        (state / LOST_MARK).touch()


async def _serve(app: Any, listening_fd: int) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - lives in MiniStack's environment only
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listening_fd}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACEFUL_SECONDS
    config.loglevel = os.environ["LOG_LEVEL"]
    await serve(app, config, shutdown_trigger=_input_closed)


async def _input_closed() -> None:
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), closed.set)
    await closed.wait()
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(os.environ["STATE_DIR"]))
