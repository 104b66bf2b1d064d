"""Withdrawals side by side: what bounds them holds, whoever is faster."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.api import answers, idempotency
from chalicelib.api.fields import SentAmount
from chalicelib.errors import ApiError, LimitExceededError, WithdrawalsFrozenError
from chalicelib.ledger import book
from chalicelib.ledger.service import fund
from chalicelib.operator.command_line import run
from chalicelib.payments import refunds
from chalicelib.payments.schemas import RefundPayment
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import service
from chalicelib.withdrawals.schemas import CreateWithdrawal
from tests.engines.test_concurrency import at_once
from tests.support.world import World

pytestmark = pytest.mark.slow
TRON = "TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r"


def asked(amount: str = "100", **fields: Any) -> CreateWithdrawal:
    return CreateWithdrawal(amount=SentAmount(amount), currency="USDTTRC20", address=TRON, **fields)


def outcomes(world: World, count: int = 50, **fields: Any) -> Counter[str]:
    """Ask for as many withdrawals at once, and count what became of them."""

    def create(_: int) -> str:
        try:
            service.create_withdrawal(world.env, world.tenant.tenant_id, asked(**fields), None)
        except ApiError as error:
            return error.code
        return "accepted"

    return Counter(at_once(create, range(count)))


def operate(world: World, subject: str, command: str, *rest: str) -> Any:
    return run(world.env, [subject, command, world.tenant.tenant_id, *rest])


@pytest.fixture
def funded(world: World) -> World:
    fund(world.env, world.tenant.tenant_id, "USDTTRC20", 100_000_000_000)
    return world


@pytest.mark.parametrize(
    "limit",
    [("--per-day", "320.00"), ("--per-30-days", "320.00"), ("--per-hour", "3")],
    ids=["day", "30 days", "hour"],
)
def test_fifty_at_once_against_a_limit_for_three_are_three(funded: World, limit: tuple[str, str]) -> None:
    operate(funded, "limits", "set", *limit)
    assert outcomes(funded) == {"accepted": 3, "limit_exceeded": 47}
    balance = book.read_balance(funded.env.store, funded.tenant.tenant_id, "master", "USDTTRC20")
    assert balance.pending_units == 300_000_000


def test_fifty_at_once_over_a_balance_for_three_are_three(world: World) -> None:
    fund(world.env, world.tenant.tenant_id, "USDTTRC20", 399_999_999)
    assert outcomes(world) == {"accepted": 3, "insufficient_balance": 47}


def test_releases_and_withdrawals_side_by_side_leave_the_sums_right(funded: World) -> None:
    operate(funded, "limits", "set", "--per-day", "100000.00")
    tenant_id = funded.tenant.tenant_id

    def come_and_go(number: int) -> None:
        made = service.create_withdrawal(funded.env, tenant_id, asked(), None)
        if number % 2:
            service.cancel(funded.env, tenant_id, made.withdrawal_id)

    at_once(come_and_go, range(30))
    one = operate(funded, "limits", "show")["used_today_usd"]
    assert 1500 <= float(one) < 1530
    balance = book.read_balance(funded.env.store, tenant_id, "master", "USDTTRC20")
    assert balance.pending_units == 1_500_000_000


def test_a_freeze_lets_nothing_through_from_then_on(funded: World) -> None:
    frozen: list[bool] = []

    def create(number: int) -> bool:
        if number == 20:
            operate(funded, "tenant", "freeze")
            frozen.append(True)
            return False
        is_after = bool(frozen)
        try:
            service.create_withdrawal(funded.env, funded.tenant.tenant_id, asked("5"), None)
        except WithdrawalsFrozenError:
            return False
        return is_after

    assert not any(at_once(create, range(60)))
    assert outcomes(funded, 10) == {"withdrawals_frozen": 10}


def test_a_custom_id_twice_at_once_names_one_withdrawal(funded: World) -> None:
    assert outcomes(funded, 30, custom_id="payout-1") == {"accepted": 1, "duplicate_custom_id": 29}
    assert funded.client.get("/withdrawal/", query={"custom_id": "payout-1"}).json["total"] == 1


def test_fifty_twins_with_one_key_are_one_withdrawal_and_the_same_bytes(funded: World) -> None:
    tenant_id = funded.tenant.tenant_id
    key = idempotency.read({"idempotency-key": "k"}, tenant_id, "POST /withdrawal", {})

    def create(_: int) -> bytes:
        try:
            return answers.encode(service.create_withdrawal(funded.env, tenant_id, asked(), key))
        except idempotency.AlreadyAnsweredError as twin:
            record = service.find(funded.env, tenant_id, twin.object_id)
            return answers.encode(service.as_created(funded.env, record))

    assert len(set(at_once(create, range(50)))) == 1
    balance = book.read_balance(funded.env.store, tenant_id, "master", "USDTTRC20")
    assert balance.pending_units == 100_000_000


def test_a_withdrawal_is_cancelled_once(funded: World) -> None:
    tenant_id = funded.tenant.tenant_id
    made = service.create_withdrawal(funded.env, tenant_id, asked(), None)

    def cancel(_: int) -> str:
        try:
            return service.cancel(funded.env, tenant_id, made.withdrawal_id).status
        except ApiError as error:
            return error.code

    assert Counter(at_once(cancel, range(20))) == {"cancelled": 1, "invalid_state": 19}
    balance = book.read_balance(funded.env.store, tenant_id, "master", "USDTTRC20")
    assert (balance.pending_units, balance.available_units) == (0, 100_000_000_000)


def test_refunds_at_once_never_exceed_what_was_credited(funded: World, tenant: NewTenant) -> None:
    payment = funded.create()
    funded.pay(payment, 100_000_000)
    funded.mine(count=20)

    def refund(_: int) -> str:
        wanted = RefundPayment(address=TRON, amount=SentAmount("30"))
        try:
            refunds.refund(funded.env, tenant.tenant_id, payment["transaction_id"], wanted, None)
        except ApiError as error:
            return error.code
        return "accepted"

    told = Counter(at_once(refund, range(20)))
    assert told["accepted"] == 3
    assert set(told) <= {"accepted", "above_maximum"}


def test_a_refused_one_knows_what_is_used(funded: World) -> None:
    operate(funded, "limits", "set", "--per-hour", "3")
    outcomes(funded, 10)
    with pytest.raises(LimitExceededError) as refused:
        service.create_withdrawal(funded.env, funded.tenant.tenant_id, asked(), None)
    assert (refused.value.details["limit"], refused.value.details["used"]) == (3, 3)
