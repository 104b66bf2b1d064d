"""Withdrawals in the whole sandbox, by its public API and its controls alone."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.chain.hashing import strangers_address
from tests.sandbox.running import RunningSandbox

pytestmark = pytest.mark.slow

CURRENCY, CHAIN, DEPTH = "USDTTRC20", "/chains/TRX", 19


class Shop:
    """A merchant of its own in the sandbox."""

    def __init__(self, sandbox: RunningSandbox, name: str) -> None:
        self.sandbox, self.name = sandbox, name
        self.known = sandbox.control("POST", "/tenants", {"name": name})
        asked = {field: self.known[field] for field in ("client_id", "client_secret")}
        status, answer = sandbox.ask("POST", "/o/token/", asked | {"grant_type": "client_credentials"})
        assert status == 200, answer
        self.token = answer["access_token"]
        self.address = strangers_address(5, "TRX", name)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.sandbox.ask(method, path, body, self.token)
        assert status < 300, answer
        return answer

    def control(self, path: str, body: Any = None) -> Any:
        return self.sandbox.control("POST", path, {} if body is None else body)

    def fund(self, amount: str = "1000") -> None:
        self.control(f"/tenants/{self.known['tenant_id']}/fund", {"currency": CURRENCY, "amount": amount})

    def withdraw(self, amount: str = "100") -> str:
        body = {"amount": amount, "currency": CURRENCY, "address": self.address}
        made = self.ask("POST", "/withdrawal/", body)
        assert made["status"] == "pending"
        self.control("/settle")
        return str(made["withdrawal_id"])

    def stands(self, withdrawal_id: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/withdrawal/{withdrawal_id}/"))

    def mine(self, count: int) -> None:
        self.control(f"{CHAIN}/blocks", {"count": count})

    def got(self) -> list[str]:
        views = self.sandbox.control("GET", f"{CHAIN}/addresses/{self.address}")["transfers"]
        return [view["amount"] for view in views]

    def balance(self) -> dict[str, str]:
        return dict(self.ask("GET", "/user/balances/")["account"][CURRENCY])

    def told(self) -> list[str]:
        events = self.sandbox.control("GET", f"/events/{self.known['tenant_id']}")["events"]
        return [event["status"] for event in events if event["event"] == "withdrawal_status_update"]

    def books_are_even(self) -> None:
        ledger = self.sandbox.control("GET", f"/ledger/{self.known['tenant_id']}")
        assert set(ledger["totals"].values()) == {"0"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("payouts") / "state")
    yield running
    running.stop()


@pytest.fixture
def shop(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> Shop:
    return Shop(sandbox, request.node.name)


def test_who_was_only_ever_paid_can_withdraw(shop: Shop) -> None:
    payment = shop.ask("POST", "/payments/", {"amount": 200, "currency": CURRENCY})
    shop.control(
        f"{CHAIN}/transfers",
        {"address": payment["address"], "amount": payment["amount_crypto"], "token": "USDT"},
    )
    shop.mine(DEPTH)
    made = shop.withdraw("50")
    assert shop.stands(made)["status"] == "submitted"
    shop.mine(DEPTH - 1)
    assert shop.stands(made)["confirmations"] == DEPTH - 1
    shop.mine(1)
    done = shop.stands(made)
    assert (done["status"], done["confirmations"]) == ("completed", DEPTH)
    assert shop.got() == [done["amount"]]
    assert shop.balance()["pending_amount"] == "0.00000000"
    assert shop.told() == ["processing", "submitted", "completed"]
    rows = shop.ask("GET", "/user/balances/history/")["history"]
    assert [(row["type"], row["amount"]) for row in rows[:1]] == [("withdrawal", "-50.00000000")]
    assert Decimal(rows[0]["gross_amount"]) - Decimal(rows[0]["fee_amount"]) == Decimal(-50)
    shop.books_are_even()


def test_a_reverted_payout_fails_and_gives_back_what_was_held(shop: Shop) -> None:
    shop.fund()
    shop.control(f"{CHAIN}/payouts", {"outcome": "revert"})
    made = shop.withdraw()
    shop.mine(DEPTH - 1)
    assert shop.stands(made)["status"] == "submitted"
    assert shop.balance()["pending_amount"] == "100.00000000"
    shop.mine(1)
    shop.control(f"{CHAIN}/payouts", {"outcome": "ok"})
    shop.mine(DEPTH)
    assert shop.stands(made)["status"] == "failed"
    assert "reverted" in shop.stands(made)["error_message"]
    assert shop.balance()["available_balance"] == "1000.00000000"
    assert shop.got() == []
    shop.books_are_even()


def test_a_stuck_payout_is_made_dearer_while_time_passes_and_is_paid_once(shop: Shop) -> None:
    shop.fund()
    shop.control(f"{CHAIN}/payouts", {"outcome": "stuck"})
    made = shop.withdraw()
    before = shop.stands(made)["transaction_hash"]
    shop.mine(3)
    assert shop.stands(made)["confirmations"] == 0
    shop.control("/clock/advance", {"seconds": 700})
    shop.mine(1)
    assert shop.stands(made)["transaction_hash"] != before
    assert shop.stands(made)["confirmations"] == 1
    shop.control(f"{CHAIN}/payouts", {"outcome": "ok"})
    shop.mine(DEPTH - 1)
    done = shop.stands(made)
    assert done["status"] == "completed"
    assert shop.got() == [done["amount"]]
    shop.books_are_even()


def test_an_outage_and_lost_messages_only_take_time(shop: Shop) -> None:
    shop.fund()
    shop.control(f"{CHAIN}/outage", {"seconds": 300})
    made = shop.withdraw()
    assert shop.stands(made)["status"] == "pending"
    shop.control("/queues/drop")
    shop.control("/clock/advance", {"seconds": 360})
    assert shop.stands(made)["status"] == "submitted"
    shop.control("/queues/drop")
    shop.mine(DEPTH)
    assert shop.stands(made)["status"] == "completed"
    assert len(shop.got()) == 1
    shop.control("/clock/advance", {"seconds": 180})
    assert shop.told() == ["processing", "submitted", "completed"]


def test_a_reorganisation_that_drops_a_payout_does_not_lose_it(shop: Shop) -> None:
    shop.fund()
    made = shop.withdraw()
    shop.mine(4)
    sent = shop.stands(made)["transaction_hash"]
    shop.control(f"{CHAIN}/reorg", {"depth": 4, "drop": [sent]})
    assert shop.stands(made)["confirmations"] == 0
    shop.mine(DEPTH)
    done = shop.stands(made)
    assert (done["status"], done["transaction_hash"]) == ("completed", sent)
    assert shop.got() == [done["amount"]]


def test_a_reorganisation_as_deep_as_the_confirmations_does_not_lose_a_completed_payout(shop: Shop) -> None:
    shop.fund()
    made = shop.withdraw()
    shop.mine(DEPTH)
    done = shop.stands(made)
    assert done["status"] == "completed"
    shop.control(f"{CHAIN}/reorg", {"depth": DEPTH, "drop": [done["transaction_hash"]]})
    shop.control("/settle")
    assert (shop.stands(made)["status"], shop.stands(made)["confirmations"]) == ("completed", 0)
    later = shop.withdraw()
    shop.mine(DEPTH)
    both = [shop.stands(one) for one in (made, later)]
    assert [(one["status"], one["confirmations"]) for one in both] == [("completed", DEPTH)] * 2
    assert both[0]["transaction_hash"] == done["transaction_hash"]
    assert len(shop.got()) == 2
    shop.books_are_even()


def test_a_double_spent_payout_fails_once_that_is_deep(shop: Shop) -> None:
    shop.fund()
    made = shop.withdraw()
    shop.control(f"{CHAIN}/doublespend", {"transaction_hash": shop.stands(made)["transaction_hash"]})
    shop.mine(DEPTH - 1)
    assert shop.stands(made)["status"] == "submitted"
    shop.mine(1)
    assert shop.stands(made)["status"] == "failed"
    assert shop.balance()["available_balance"] == "1000.00000000"
    assert shop.got() == []


def test_a_hot_wallet_that_is_short_keeps_it_pending_and_it_can_be_cancelled(shop: Shop) -> None:
    shop.fund()
    shop.control(f"{CHAIN}/hot-wallet", {"token": "USDT", "amount": "50"})
    waiting, taken_back = shop.withdraw(), shop.withdraw()
    assert shop.stands(waiting)["status"] == shop.stands(taken_back)["status"] == "pending"
    assert shop.ask("POST", f"/withdrawal/{taken_back}/cancel/")["status"] == "cancelled"
    shop.control(f"{CHAIN}/hot-wallet", {"token": "USDT", "amount": "100000"})
    shop.control("/clock/advance", {"seconds": 60})
    assert shop.stands(waiting)["status"] == "submitted"
    shop.mine(DEPTH)
    assert [shop.stands(one)["status"] for one in (waiting, taken_back)] == ["completed", "cancelled"]
    assert len(shop.got()) == 1
