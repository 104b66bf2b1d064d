"""One master account pays its users, all of it over HTTP: every transfer lands, and the sum is exact.

Two hundred here; ``TRANSFERS=10000`` for as many as that (and time to wait for them).
"""

import http.client
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.running import RunningSandbox

pytestmark = pytest.mark.slow
TRANSFERS = int(os.environ.get("TRANSFERS", "200"))
WALLETS = max(20, TRANSFERS // 10)
CALLERS = 4
CODE = "USDTTRC20"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path / "state", RATE_LIMITS="0")
    yield running
    running.stop()


class Caller:
    """Calls the API on connections that are kept, a few at a time."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._port = sandbox.port
        self._headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/json"}

    def post_all(self, requests: list[tuple[str, Any]]) -> list[Any]:
        with ThreadPoolExecutor(CALLERS) as pool:
            shares = pool.map(self._post_some, (requests[at::CALLERS] for at in range(CALLERS)))
            return [answer for share in shares for answer in share]

    def _post_some(self, requests: list[tuple[str, Any]]) -> list[Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        answers = []
        for path, body in requests:
            connection.request("POST", path, json.dumps(body), self._headers)
            answer = connection.getresponse()
            read = json.loads(answer.read())
            assert answer.status in {201, 202}, read
            answers.append(read)
        connection.close()
        return answers


def test_all_land_and_the_sum_is_exact(sandbox: RunningSandbox) -> None:
    tenant_id = sandbox.credentials()["tenant_id"]
    sandbox.control("POST", f"/tenants/{tenant_id}/fund", {"currency": CODE, "amount": str(TRANSFERS + 7)})
    caller = Caller(sandbox)
    wallets = caller.post_all([("/wallets/", {"name": f"User {number}"}) for number in range(WALLETS)])
    ids = [wallet["wallet_id"] for wallet in wallets]
    began = time.monotonic()
    asked = [
        ("/wallets/transfer-to-user/", {"wallet_id": ids[number % WALLETS], "currency": CODE, "amount": "1"})
        for number in range(TRANSFERS)
    ]
    caller.post_all(asked)
    accepted = time.monotonic()
    token = sandbox.token()
    while landed(sandbox, token) < TRANSFERS and time.monotonic() < accepted + 60 + TRANSFERS / 5:
        time.sleep(0.5)
    done = time.monotonic()
    print(f"{TRANSFERS} accepted in {accepted - began:.1f} s, landed {done - accepted:.1f} s later")
    balances = sandbox.ask("GET", "/user/balances/", token=token)[1]
    assert balances["account"][CODE]["amount"] == "7.00000000"
    assert balances["sub_accounts"][CODE]["total_amount"] == f"{TRANSFERS}.00000000"
    assert {one["amount"] for one in balances["sub_accounts"][CODE]["accounts"]} == {
        f"{TRANSFERS // WALLETS}.00000000"
    }
    assert set(sandbox.control("GET", f"/ledger/{tenant_id}")["totals"].values()) == {"0"}
    while told(sandbox, token) < TRANSFERS and time.monotonic() < done + 60 + TRANSFERS / 2:
        time.sleep(1)
    print(f"all told {time.monotonic() - done:.1f} s after that")
    rows = sandbox.ask("GET", "/user/balances/history/?limit=1&type=transfer_out", token=token)[1]
    assert rows["total"] == TRANSFERS
    assert rows["history"][0]["balance_after"] == "7.00000000"


def landed(sandbox: RunningSandbox, token: str) -> int:
    balances = sandbox.ask("GET", "/user/balances/", token=token)[1]
    shown = balances["sub_accounts"].get(CODE, {"total_amount": "0"})
    return int(shown["total_amount"].partition(".")[0])


def told(sandbox: RunningSandbox, token: str) -> int:
    found = sandbox.ask("GET", "/user/balances/history/?limit=1&type=transfer_out", token=token)[1]
    return int(found["total"])
