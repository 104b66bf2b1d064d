"""What the engines need beyond our own packages: fetched once into ``.engine/``, used offline ever after."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.engine.child import EngineUnavailableError

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE_DIRECTORY = REPOSITORY / ".engine"


def environment_python(name: str, requirements: Path, root: Path = ENGINE_DIRECTORY) -> Path:
    """Return the Python of a virtual environment that holds exactly what a requirements file pins.

    It is made when missing, and made anew when the file or our own Python's version has changed.

    Raises:
        EngineUnavailableError: it cannot be made, for instance because the package index cannot be reached.
    """
    home = root / name
    stamp = home / "stamp"
    wanted = _fingerprint(requirements)
    with installing(root):
        if not stamp.exists() or stamp.read_text() != wanted:
            _make_environment(home, requirements)
            stamp.write_text(wanted)
    return home / "bin" / "python"


@contextmanager
def installing(root: Path) -> Iterator[None]:
    """Let one process at a time install below that directory."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_installer(command: Sequence[str], purpose: str, cwd: Path | None = None) -> str:
    """Run a package client and return what it prints.

    Raises:
        EngineUnavailableError: the client is missing or failed; the message ends with its last line.
    """
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    except FileNotFoundError as missing:
        raise EngineUnavailableError(
            f"{purpose} needs the program '{command[0]}', which is not installed here"
        ) from missing
    if done.returncode:
        raise EngineUnavailableError(f"{purpose} could not be installed: {_last_line(done.stderr or done.stdout)}")
    return done.stdout


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(requirements: Path) -> str:
    return f"{sha256(requirements)} {sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}\n"


def _make_environment(home: Path, requirements: Path) -> None:
    print(f"First start: installing {requirements.name} into {home} …", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    purpose = f"the local engine ({requirements.name})"
    run_installer([sys.executable, "-m", "venv", str(home)], purpose)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run_installer([*pip, "-r", str(requirements)], purpose)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
