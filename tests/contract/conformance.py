"""Runs schemathesis against a sandbox of its own: the API answers only what its own document says, never a 5xx.

``python tests/contract/conformance.py --examples 200`` is what ``make schemathesis`` runs.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 90.0, 30.0
PHASES = "examples,coverage,fuzzing,stateful"
# Which codes exist, and which fields go together, no schema can say: a request may be valid by it and refused.
EXCLUDED_CHECKS = "positive_data_acceptance"
FUNDS = (("USDTTRC20", "100000"), ("BTC", "10"), ("ETH", "100"))
Json = dict[str, Any]


def run(examples: int, seed: int, arguments: Sequence[str] = ()) -> int:
    """Start a sandbox, run all phases against it, and return the exit code; what is found is printed.

    Args:
        examples: how many cases an operation gets in the fuzzing phase, and scenarios in the stateful one.
        seed: of the generated cases.
        arguments: more of them for schemathesis.
    """
    with _sandbox() as credentials:
        token = _prepared(credentials)
        command = [str(Path(sys.executable).with_name("st")), "run", f"{credentials['base_url']}/openapi.json"]
        command += ["--url", credentials["base_url"], "--header", f"Authorization: Bearer {token}"]
        command += ["--phases", PHASES, "--exclude-checks", EXCLUDED_CHECKS, "--max-examples", str(examples)]
        command += ["--seed", str(seed), "--continue-on-failure", "--warnings", "off", *arguments]
        hooks = {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(REPOSITORY)}
        ended = subprocess.run(command, cwd=credentials["folder"], env={**os.environ, **hooks}, check=False)
        _get(f"{credentials['base_url']}/user/me/", token)  # fails when the run lost its token on the way
        return ended.returncode


@contextmanager
def _sandbox() -> Iterator[Json]:
    """A sandbox without rate limits, in a folder of its own; yields its credentials."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "PORT": str(_free_port()),
            "CONTROL_PORT": str(_free_port()),
            "SANDBOX_DIR": f"{folder}/sandbox",
            "RATE_LIMITS": "0",
            "BLOCK_SECONDS": "0",
        }
        sandbox = subprocess.Popen(
            [sys.executable, "-m", "sandbox"],
            cwd=REPOSITORY,
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_for(sandbox, f"http://127.0.0.1:{variables['PORT']}/status/")
            credentials = json.loads(Path(folder, "sandbox", "credentials.json").read_text())
            yield {**credentials, "folder": folder}
        finally:
            _stop(sandbox)


def _prepared(credentials: Json) -> str:
    """Give the tenant money, and return a token that may do everything."""
    for currency, amount in FUNDS:
        url = f"{credentials['control_url']}/tenants/{credentials['tenant_id']}/fund"
        _post(url, json.dumps({"currency": currency, "amount": amount}).encode())
    form = {name: credentials[name] for name in ("client_id", "client_secret")}
    form |= {"grant_type": "client_credentials", "scope": " ".join(credentials["scopes"])}
    return str(
        _post(f"{credentials['base_url']}/o/token/", urlencode(form).encode(), is_form=True)["access_token"]
    )


def _post(url: str, body: bytes, *, is_form: bool = False) -> Json:
    media_type = "application/x-www-form-urlencoded" if is_form else "application/json"
    with urlopen(Request(url, body, {"Content-Type": media_type}), timeout=60) as answer:
        return dict(json.load(answer))


def _get(url: str, token: str) -> Json:
    with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=60) as answer:
        return dict(json.load(answer))


def _wait_for(sandbox: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and sandbox.poll() is None:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the sandbox did not start")


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


def main(argv: Sequence[str]) -> int:
    """Read the arguments and run; what is not ours goes to schemathesis."""
    parser = argparse.ArgumentParser(prog="conformance")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked, more = parser.parse_known_args(argv)
    return run(asked.examples, asked.seed, more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
