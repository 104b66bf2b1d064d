"""From which worth on deposits are swept: said in dollars, and never by accident."""

from pathlib import Path

import pytest

from chalicelib.config import ConfigurationError, from_environment
from chalicelib.currencies.workers import refresh_prices
from chalicelib.sweeping.workers import sweep_accounts
from sandbox import variables as sandbox_variables
from sandbox.due_work import DueWork
from sandbox.variables import VariableError
from tests.sandbox.running import RunningSandbox
from tests.settings.deployed import variables
from tests.support.world import World
from tests.sweeping.steps_of_sweeping import holdings, paid


@pytest.mark.parametrize(("text", "cents"), [("100", 10_000), ("99.5", 9_950), ("0.01", 1), ("", None)])
def test_it_is_read_in_dollars(text: str, cents: int | None) -> None:
    assert from_environment(variables(SWEEP_ABOVE_USD=text)).sweep_above_cents == cents
    assert sandbox_variables.read({"SWEEP_ABOVE_USD": text}).sweep_above_cents == cents


@pytest.mark.parametrize("text", ["0", "-1", "much", "1e3", "0.001", "$5"])
def test_what_is_no_such_amount_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SWEEP_ABOVE_USD"):
        from_environment(variables(SWEEP_ABOVE_USD=text))
    with pytest.raises(VariableError, match=r"SWEEP_ABOVE_USD.*\.$"):
        sandbox_variables.read({"SWEEP_ABOVE_USD": text})


def test_it_is_off_unless_it_is_said() -> None:
    assert from_environment(variables()).sweep_above_cents is None
    assert sandbox_variables.read({}).sweep_above_cents is None


def test_the_sandboxs_clock_stops_where_a_holding_is_looked_at(sweeping: World) -> None:
    paid(sweeping)
    refresh_prices(sweeping.env)
    sweep_accounts(sweeping.env)
    (holding,) = holdings(sweeping.env)
    now = sweeping.clock.now()
    assert DueWork(sweeping.env).next_after(now, now + 599) is None
    assert DueWork(sweeping.env).next_after(now + 1, now + 900) == float(holding.lv) == now + 600


@pytest.mark.slow
def test_the_sandbox_sweeps_when_it_is_asked_to(tmp_path: Path) -> None:
    sandbox = RunningSandbox(tmp_path / "state", SWEEP_ABOVE_USD="50")
    try:
        token = sandbox.token()
        body = {"amount": "100", "currency": "USDTTRC20"}
        status, payment = sandbox.ask("POST", "/payments/", body, token)
        assert status == 201
        transfer = {"address": payment["address"], "token": "USDT", "amount": "100"}
        sandbox.control("POST", "/chains/TRX/transfers", transfer)
        sandbox.control("POST", "/chains/TRX/blocks", {"count": 19})
        for seconds in (60, 660):
            sandbox.control("POST", "/clock/advance", {"seconds": seconds})
            sandbox.control("POST", "/chains/TRX/blocks", {"count": 19})
        there = f"/chains/TRX/addresses/{payment['address']}"
        moved = [(one["direction"], one["token"]) for one in sandbox.control("GET", there)["transfers"]]
        assert moved == [("in", "USDT"), ("in", "TRX"), ("out", "USDT")]
        books = sandbox.control("GET", "/ledger/platform")
        assert books["totals"] == {"TRX": "0"}
        assert {one["account"]: one["balance"] for one in books["accounts"]} == {
            "custody": "-15.00000000",
            "network_expense": "15.00000000",
        }
    finally:
        sandbox.stop()
