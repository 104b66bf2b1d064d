"""``python -m sandbox``: the whole system on this machine, until Ctrl-C."""

import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from sandbox import variables as chosen
from sandbox.engine.child import EngineError
from sandbox.system import System, say
from sandbox.variables import VariableError, Variables

MISUSED, FAILED = 2, 1
LOOK_SECONDS = 1.0


class _StopRequested(BaseException):
    """SIGTERM, Ctrl-C, or the terminal is gone."""


def main() -> int:
    """Run the sandbox; returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    try:
        return _run(chosen.read(os.environ))
    except _StopRequested:
        return 0
    except VariableError as error:
        print(error, file=sys.stderr)
        return MISUSED
    except EngineError as error:
        print(error, file=sys.stderr)
        return FAILED


def _run(variables: Variables) -> int:
    _log_to(variables.directory / "sandbox.log")
    system = System(variables)
    with system as credentials:
        _tell_ready(variables, credentials)
        return _watch(system)


def _watch(system: System) -> int:
    """Wait for a signal, or for the engine to end although nobody stopped it."""
    while not (dead := system.dead_parts()):
        time.sleep(LOOK_SECONDS)
    print(f"{' and '.join(dead)} ended unexpectedly: the sandbox cannot go on.", file=sys.stderr)
    return FAILED


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the stop saves the state: a second Ctrl-C must not cut it short
    raise _StopRequested


def _tell_ready(variables: Variables, credentials: dict[str, Any]) -> None:
    blocks = f"every {variables.block_seconds:g} s" if variables.block_seconds else "only by hand"
    say(f"""
The sandbox is ready.
  API            {variables.base_url}
  Controls       {variables.control_url}
  State          {variables.directory}
  Blocks         {blocks}
  tenant_id      {credentials["tenant_id"]}
  client_id      {credentials["client_id"]}
  client_secret  {credentials["client_secret"]}

Get a token:
  curl -s {variables.base_url}/o/token/ -d grant_type=client_credentials -d 'scope=read write' \\
    -d client_id={credentials["client_id"]} -d client_secret={credentials["client_secret"]}

Ctrl-C stops it; the next start finds everything again.""")


def _log_to(path: Path) -> None:
    """Keep warnings in a file; the terminal gets one line for each error."""
    file = logging.FileHandler(path, delay=True)
    file.setLevel(logging.WARNING)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.ERROR)
    terminal.setFormatter(_OneLine(path))
    logging.basicConfig(handlers=[file, terminal], level=logging.WARNING)


class _OneLine(logging.Formatter):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def format(self, record: logging.LogRecord) -> str:
        return f"ERROR: {record.getMessage()} (more in {self._path})"


if __name__ == "__main__":
    sys.exit(main())
