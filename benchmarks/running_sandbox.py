"""The sandbox as it runs: its memory, every process together, and how long a kept-alive request takes."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import MEGABYTES, MILLISECONDS, Figure
from benchmarks.imports import REPOSITORY

START_SECONDS, STOP_SECONDS, SETTLE_SECONDS = 40.0, 30.0, 4.0
REQUESTS = 200
KILOBYTE, MEGABYTE = 1024, 1_000_000


def sandbox_figures() -> Iterator[Figure]:
    """Start the sandbox, let it mine, and measure it; says so when it does not start."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        own = {"PORT": str(port), "CONTROL_PORT": str(_free_port()), "SANDBOX_DIR": f"{folder}/sandbox"}
        sandbox = subprocess.Popen(
            [sys.executable, "-m", "sandbox"],
            cwd=REPOSITORY,
            env={**os.environ, **own},
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
            start_new_session=True,
        )
        try:
            if _is_up(sandbox, port):
                time.sleep(SETTLE_SECONDS)
                yield Figure("sandbox.rss_mb", _resident_bytes(sandbox.pid) / MEGABYTE, MEGABYTES)
                yield Figure("sandbox.status_ms", _median_request_seconds(port) * 1000, MILLISECONDS)
            else:
                print(
                    "sandbox.rss_mb AND sandbox.status_ms ARE MISSING: the sandbox did not start", file=sys.stderr
                )
        finally:
            _stop(sandbox)


def _is_up(sandbox: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while sandbox.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status/", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _median_request_seconds(port: int) -> float:
    """Return the median time of ``GET /status/`` over one kept-alive connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    took = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        connection.request("GET", "/status/")
        connection.getresponse().read()
        took.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(took)


def _resident_bytes(session: int) -> int:
    """Return the resident memory of all processes of a session; pages that two of them share count twice."""
    return sum(_resident_of(Path(f"/proc/{pid}")) for pid in _pids(session))


def _pids(session: int) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _in(entry, session)]


def _in(process: Path, session: int) -> bool:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session
    except (FileNotFoundError, ProcessLookupError):
        return False


def _resident_of(process: Path) -> int:
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) * KILOBYTE for line in lines if line.startswith("VmRSS:"))


def _stop(sandbox: subprocess.Popen[bytes]) -> None:
    sandbox.terminate()
    try:
        sandbox.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(sandbox.pid, signal.SIGKILL)
        sandbox.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
