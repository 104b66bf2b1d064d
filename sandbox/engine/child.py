"""A process that the sandbox starts and owns: it stays in our process group and never outlives us."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG_LINES_SHOWN = 15
POLL_SECONDS = 0.02


class EngineError(RuntimeError):
    """A local engine cannot be installed or does not start; the message says what to do about it."""


class EngineUnavailableError(EngineError):
    """What an engine needs is not here and cannot be fetched; nothing is wrong with what was fetched."""


@dataclass(frozen=True, slots=True)
class Child:
    """One running engine process, whose standard input is a pipe that closes when its owner goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return as soon as ``ready`` says yes.

        Args:
            ready: asked again and again; an ``OSError`` counts as no.
            seconds: how long it may take.

        Raises:
            EngineError: the process ended or was not ready in time; it has been killed and its log's end is told.
        """
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            if _says_yes(ready):
                return
            time.sleep(POLL_SECONDS)
        self.kill()
        raise EngineError(
            f"{self.name} did not become ready within {seconds:.0f} s; its log ends:\n{self._log_end()}"
        )

    def stop(self, seconds: float) -> bool:
        """Ask for a clean end by closing the pipe, and insist after that many seconds.

        Returns:
            Whether the process ended by itself, with its work saved.
        """
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            return self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:]) or "(empty)"


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a process in our own process group, with its output in a log file of its own."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            pass_fds=tuple(pass_fds),
        )
    return Child(name, process, log)


def _says_yes(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False
