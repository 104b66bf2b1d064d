"""A whole sandbox in processes of its own, on free ports, for the tests that need one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class RunningSandbox:
    """Started on construction; its process group is its own, so that all of it can be killed at once."""

    def __init__(self, directory: Path, *, wait: bool = True, **variables: str) -> None:
        self.directory = directory
        self.port, self.control_port = free_port(), free_port()
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "SANDBOX_DIR": str(directory),
            "PORT": str(self.port),
            "CONTROL_PORT": str(self.control_port),
            "BLOCK_SECONDS": "0",
            **variables,
        }
        self.output = directory.parent / f"{directory.name}-{self.port}.out"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox"],
                cwd=REPOSITORY,
                env=self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("GET", "/status/")[0] == 200:
                    assert (self.directory / "credentials.json").exists()
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the sandbox did not start:\n{self.said()}")

    def said(self) -> str:
        return self.output.read_text()

    def credentials(self) -> dict[str, Any]:
        return dict(json.loads((self.directory / "credentials.json").read_text()))

    def ask(self, method: str, path: str, body: Any = None, token: str = "", *, port: int = 0) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        sent = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(url, sent, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def control(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.ask(method, path, body, port=self.control_port)
        assert status < 300, answer
        return answer

    def token(self, scope: str = "read write") -> str:
        known = self.credentials()
        asked = {name: known[name] for name in ("client_id", "client_secret")}
        status, answer = self.ask(
            "POST", "/o/token/", asked | {"grant_type": "client_credentials", "scope": scope}
        )
        assert status == 200, answer
        return str(answer["access_token"])

    def members(self) -> list[int]:
        """Return the living processes of the group."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                found.append(int(entry.name))
        return found

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C at a terminal does: the whole group gets the signal."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def kill(self) -> None:
        """Cut the power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
