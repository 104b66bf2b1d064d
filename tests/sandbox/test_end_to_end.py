"""The whole sandbox, started as a person starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import install
from tests.sandbox.running import REPOSITORY, RunningSandbox, free_port

pytestmark = pytest.mark.slow

CURRENCY, CHAIN = "USDTTRC20", "/chains/TRX"
Start = Callable[..., RunningSandbox]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[RunningSandbox] = []

    def begin(**variables: str) -> RunningSandbox:
        running.append(RunningSandbox(tmp_path / "state", **variables))
        return running[-1]

    yield begin
    for sandbox in running:
        sandbox.stop()


def become_true(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def create_payment(sandbox: RunningSandbox, token: str, **fields: Any) -> dict[str, Any]:
    status, payment = sandbox.ask("POST", "/payments/", {"amount": 100, "currency": CURRENCY, **fields}, token)
    assert status == 201, payment
    return dict(payment)


def pay(sandbox: RunningSandbox, payment: dict[str, Any]) -> str:
    sent = {"address": payment["address"], "amount": payment["amount_crypto"], "token": "USDT"}
    return str(sandbox.control("POST", f"{CHAIN}/transfers", sent)["transaction_hash"])


def status_of(sandbox: RunningSandbox, token: str, payment: dict[str, Any]) -> str:
    asked = {"transaction_id": payment["transaction_id"]}
    return str(sandbox.ask("POST", "/payments/status/", asked, token)[1]["status"])


def test_the_demo_is_played_and_a_clean_stop_keeps_everything(start: Start) -> None:
    sandbox = start()
    demo = subprocess.run(
        [sys.executable, "-m", "sandbox.demo"],
        cwd=REPOSITORY,
        env={**os.environ, "SANDBOX_DIR": str(sandbox.directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "signature verified" in demo.stdout
    token = sandbox.token()
    payment = create_payment(sandbox, token)
    txid = pay(sandbox, payment)
    sandbox.control("POST", f"{CHAIN}/blocks", {"count": 2})
    sandbox.control("POST", "/inbox/kept", {"n": 1})
    sandbox.control("POST", "/clock/advance", {"seconds": 3600})
    before = sandbox.control("POST", "/settle")["now"]
    group = sandbox.process.pid
    assert sandbox.stop() == 0
    assert sandbox.members() == [], f"processes of group {group} are left"

    again = start()
    assert again.credentials()["client_id"] == sandbox.credentials()["client_id"]
    assert status_of(again, again.token(), payment) == "confirming"
    assert again.control("GET", f"{CHAIN}/transactions/{txid}")["confirmations"] == 2
    assert len(again.control("GET", "/inbox/kept")["messages"]) == 1
    assert again.control("POST", "/settle")["now"] >= before
    again.control("POST", f"{CHAIN}/blocks", {"count": 20})
    assert status_of(again, again.token(), payment) == "completed"


def test_twenty_blocks_at_once_leave_no_status_out(start: Start) -> None:
    sandbox = start()
    token = sandbox.token()
    payment = create_payment(sandbox, token, callback_url=f"http://127.0.0.1:{sandbox.control_port}/inbox/shop")
    pay(sandbox, payment)
    sandbox.control("POST", f"{CHAIN}/blocks", {"count": 20})
    told = [message["body"] for message in sandbox.control("GET", "/inbox/shop")["messages"]]
    assert ['"status":"completed"' in body for body in told] == [False, True]
    ledger = sandbox.control("GET", f"/ledger/{sandbox.credentials()['tenant_id']}")
    assert ledger["totals"] == {CURRENCY: "0"}


def test_a_month_passes_and_what_was_due_has_happened(start: Start) -> None:
    sandbox = start()
    payment = create_payment(sandbox, sandbox.token(), expiry_minutes=600)
    sandbox.control("POST", "/clock/advance", {"seconds": 30 * 86_400})
    assert status_of(sandbox, sandbox.token(), payment) == "expired"


def test_after_a_power_cut_ministack_is_at_the_last_clean_stop_and_says_so(start: Start) -> None:
    sandbox = start()
    kept = create_payment(sandbox, sandbox.token())
    sandbox.stop()
    sandbox = start()
    lost = create_payment(sandbox, sandbox.token())
    txid = pay(sandbox, lost)
    sandbox.kill()
    again = start()
    assert "not stopped cleanly" in again.said()
    assert status_of(again, again.token(), kept) == "waiting"
    assert (
        again.ask("POST", "/payments/status/", {"transaction_id": lost["transaction_id"]}, again.token())[0] == 404
    )
    assert again.ask("GET", f"{CHAIN}/transactions/{txid}", port=again.control_port)[0] == 404


def test_after_a_power_cut_dynamodb_local_has_all_that_was_acknowledged(start: Start) -> None:
    if not (install.ENGINE_DIRECTORY / "dynamodb-local").exists() and os.environ.get("ENGINE") != "dynamodb-local":
        pytest.skip("DynamoDB Local is fetched only when asked for (its licence): ENGINE=dynamodb-local make test")
    sandbox = start(ENGINE="dynamodb-local")
    token = sandbox.token()
    paid, waiting = create_payment(sandbox, token), create_payment(sandbox, token)
    pay(sandbox, paid)
    sandbox.control("POST", f"{CHAIN}/blocks", {"count": 5})
    pay(sandbox, waiting)
    sandbox.kill()
    again = start(ENGINE="dynamodb-local")
    token = again.token()
    assert again.credentials()["client_id"] == sandbox.credentials()["client_id"]
    again.control("POST", f"{CHAIN}/blocks", {"count": 20})
    assert status_of(again, token, paid) == "completed"
    assert status_of(again, token, waiting) == "completed"


def test_the_port_in_use_and_a_second_sandbox_are_refused_with_a_sentence(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        refused = RunningSandbox(tmp_path / "other", wait=False, PORT=str(taken.getsockname()[1]))
        assert refused.process.wait(30) == 2
    assert "is in use: stop what uses it, or set PORT to another one." in refused.said()
    assert "Traceback" not in refused.said()
    start()
    second = RunningSandbox(tmp_path / "state", wait=False)
    assert second.process.wait(30) == 2
    assert "is running in" in second.said()


def test_blocks_come_by_themselves(start: Start) -> None:
    sandbox = start(BLOCK_SECONDS="0.2")
    token = sandbox.token()
    payment = create_payment(sandbox, token)
    pay(sandbox, payment)
    assert become_true(lambda: status_of(sandbox, token, payment) == "completed", 30)
