"""Runs schemathesis against a sandbox of its own: the API answers only what its own document says, never a 5xx.

``python -m tests.contract.conformance --examples 200`` is what ``make schemathesis`` runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.sandbox.running import REPOSITORY, RunningSandbox

PHASES = "examples,coverage,fuzzing,stateful"
# Which codes exist, and which fields go together, no schema can say: a request may be valid by it and refused.
EXCLUDED_CHECKS = "positive_data_acceptance"
FUNDS = (("USDTTRC20", "100000"), ("BTC", "10"), ("ETH", "100"))


def run(examples: int, seed: int, arguments: Sequence[str] = ()) -> int:
    """Start a sandbox, run all phases against it, and return the exit code; what is found is printed.

    Args:
        examples: how many cases an operation gets in the fuzzing phase, and scenarios in the stateful one.
        seed: of the generated cases.
        arguments: more of them for schemathesis.
    """
    with tempfile.TemporaryDirectory() as folder:
        sandbox = RunningSandbox(Path(folder, "sandbox"), RATE_LIMITS="0")
        try:
            return _against(sandbox, folder, examples, seed, arguments)
        finally:
            sandbox.stop()


def _against(sandbox: RunningSandbox, folder: str, examples: int, seed: int, arguments: Sequence[str]) -> int:
    token, url = _prepared(sandbox), f"http://127.0.0.1:{sandbox.port}"
    command = [str(Path(sys.executable).with_name("st")), "run", f"{url}/openapi.json"]
    command += ["--url", url, "--header", f"Authorization: Bearer {token}"]
    command += ["--phases", PHASES, "--exclude-checks", EXCLUDED_CHECKS, "--max-examples", str(examples)]
    command += ["--seed", str(seed), "--continue-on-failure", "--warnings", "off", *arguments]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(command, cwd=folder, env={**os.environ, **hooks}, check=False)
    assert sandbox.ask("GET", "/user/me/", token=token)[0] == 200, "the run lost its token on the way"
    return ended.returncode


def _prepared(sandbox: RunningSandbox) -> str:
    """Give the tenant money, and return a token that may do everything."""
    known = sandbox.credentials()
    for currency, amount in FUNDS:
        funding = {"currency": currency, "amount": amount}
        sandbox.control("POST", f"/tenants/{known['tenant_id']}/fund", funding)
    return sandbox.token(" ".join(known["scopes"]))


def main(argv: Sequence[str]) -> int:
    """Read the arguments and run; what is not ours goes to schemathesis."""
    parser = argparse.ArgumentParser(prog="conformance")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked, more = parser.parse_known_args(argv)
    return run(asked.examples, asked.seed, more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
