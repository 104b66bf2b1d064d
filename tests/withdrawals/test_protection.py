"""What guards withdrawals: each rule refuses over HTTP, and lets pass once it is met or lifted."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.errors import ApiError, WithdrawalsFrozenError
from chalicelib.ledger.records import BalanceRecord
from chalicelib.ledger.service import fund
from chalicelib.operator.command_line import OperatorUsageError, run
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, update
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import protection, releases
from chalicelib.withdrawals.fees import refresh_fees
from chalicelib.withdrawals.protection import Protections
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.support.client import Answer, ApiClient
from tests.support.tokens import token_for
from tests.support.world import World

TRON, OTHER_TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", "TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r"
DAY = 86_400


@pytest.fixture
def funded(world: World, tenant: NewTenant) -> World:
    fund(world.env, tenant.tenant_id, "USDTTRC20", 100_000_000_000)
    world.tenant = tenant
    return world


def signed_in(world: World) -> ApiClient:
    """The tenant's client, with a token that days have not outdated."""
    return world.client.with_token(token_for(world.env, world.tenant))


@pytest.fixture
def operate(env: Environment, tenant: NewTenant) -> Callable[..., Any]:
    return lambda subject, command, *rest: run(env, [subject, command, tenant.tenant_id, *rest])


def withdraw(world: World, amount: str = "100", **asked: Any) -> Answer:
    # A dollar each, or nearly: the limits below leave room for the price.
    return signed_in(world).post(
        "/withdrawal/", {"amount": amount, "currency": "USDTTRC20", "address": TRON, **asked}
    )


def cancel(world: World, answer: Answer) -> None:
    assert signed_in(world).post(f"/withdrawal/{answer.json['withdrawal_id']}/cancel/").status == 200


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status, answer.code) == (status, code), answer.text
    return dict(answer.json["error"]["details"])


def test_frozen_nothing_leaves_and_what_was_accepted_waits_and_can_be_cancelled(
    funded: World, operate: Any
) -> None:
    accepted = withdraw(funded)
    assert operate("tenant", "freeze")["withdrawals_frozen"] is True
    refused(withdraw(funded), 403, "withdrawals_frozen")
    funded.settle()
    funded.mine("TRX", 2)
    path = f"/withdrawal/{accepted.json['withdrawal_id']}/"
    assert funded.client.get(path).json["status"] == "pending"
    cancel(funded, accepted)
    assert operate("tenant", "unfreeze")["withdrawals_frozen"] is False
    assert withdraw(funded).status == 201


def test_no_process_passes_a_freeze_on_what_it_remembers(
    funded: World, tenant: NewTenant, operate: Any, another_process: Callable[..., Environment]
) -> None:
    operate("limits", "set", "--per-day", "100000")
    assert withdraw(funded).status == 201  # this process has now seen the limits
    run(another_process(), ["tenant", "freeze", tenant.tenant_id])
    refused(withdraw(funded), 403, "withdrawals_frozen")
    run(another_process(), ["tenant", "unfreeze", tenant.tenant_id])
    assert withdraw(funded).status == 201, "nor does it refuse on what it remembers"


def test_the_allow_list_and_its_waiting_time(funded: World, operate: Any) -> None:
    assert operate("allow-list", "on")["waiting_hours"] == 24
    details = refused(withdraw(funded), 403, "address_not_allowed")
    assert "address" in details
    entry = operate("allow-list", "add", "TRX", TRON)
    assert entry["usable_at"] == "2026-09-22T14:13:20Z"
    refused(withdraw(funded), 403, "address_not_allowed")
    funded.clock.advance(DAY - 1)
    refresh_prices(funded.env)
    refresh_fees(funded.env)
    assert "2026-09-22T14:13:20Z" in withdraw(funded).json["error"]["message"]
    funded.clock.advance(1)
    assert withdraw(funded).status == 201
    refused(withdraw(funded, address=OTHER_TRON), 403, "address_not_allowed")
    assert operate("allow-list", "remove", "tron", TRON)["addresses"] == []
    refused(withdraw(funded), 403, "address_not_allowed")
    operate("allow-list", "off")
    assert withdraw(funded).status == 201


def test_the_waiting_time_is_a_setting_of_entries_to_come(funded: World, operate: Any) -> None:
    operate("allow-list", "add", "TRX", TRON)
    assert operate("allow-list", "on", "--waiting-hours", "0")["waiting_hours"] == 0
    refused(withdraw(funded), 403, "address_not_allowed")
    operate("allow-list", "add", "TRX", OTHER_TRON)
    assert withdraw(funded, address=OTHER_TRON).status == 201
    assert operate("allow-list", "add", "TRX", TRON)["usable_at"] == "2026-09-22T14:13:20Z", "its time stays"


def test_one_entry_serves_every_chain_of_its_family_in_any_spelling(
    funded: World, tenant: NewTenant, operate: Any
) -> None:
    fund(funded.env, tenant.tenant_id, "USDTARB", 100_000_000)
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    operate("allow-list", "on", "--waiting-hours", "0")
    operate("allow-list", "add", "polygon", address.lower())
    assert withdraw(funded, currency="USDTARB", address=address).status == 201


def test_a_single_withdrawal_is_limited(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-withdrawal", "101.00")
    details = refused(withdraw(funded, "150"), 400, "limit_exceeded")
    assert details == {"limit": "101.00", "used": "0.00", "resets_at": None}
    assert withdraw(funded).status == 201
    assert operate("limits", "set", "--per-withdrawal", "none")["per_withdrawal_usd"] is None
    assert withdraw(funded, "150").status == 201


def test_a_day_is_limited_and_the_next_one_is_new(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-day", "210.00")
    assert [withdraw(funded).status for _ in range(2)] == [201, 201]
    details = refused(withdraw(funded), 400, "limit_exceeded")
    assert (details["limit"], details["resets_at"]) == ("210.00", "2026-09-22T00:00:00Z")
    assert details["used"] == operate("limits", "show")["used_today_usd"]
    funded.sweep(10 * 3600)
    assert withdraw(funded).status == 201
    shown = operate("limits", "show")
    assert float(shown["used_30_days_usd"]) > 2.9 * float(shown["used_today_usd"])


def test_thirty_days_are_limited(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-30-days", "210.00")
    assert withdraw(funded).status == 201
    funded.sweep(DAY)
    assert withdraw(funded).status == 201
    funded.sweep(20 * DAY)
    details = refused(withdraw(funded), 400, "limit_exceeded")
    assert details["resets_at"] == "2026-10-21T00:00:00Z"
    funded.sweep(9 * DAY)
    assert withdraw(funded).status == 201
    refused(withdraw(funded), 400, "limit_exceeded")


def test_an_hours_count_is_limited(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-hour", "2")
    first = withdraw(funded)
    assert withdraw(funded).status == 201
    details = refused(withdraw(funded), 400, "limit_exceeded")
    assert details == {"limit": 2, "used": 2, "resets_at": "2026-09-21T15:00:00Z"}
    cancel(funded, first)
    refused(withdraw(funded), 400, "limit_exceeded")
    funded.clock.advance(3600)
    assert withdraw(funded).status == 201


def test_a_count_that_is_limited_later_finds_what_was_used(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-day", "100000")
    for _ in range(2):
        assert withdraw(funded).status == 201
    assert operate("limits", "set", "--per-hour", "2")["used_this_hour"] == 2
    refused(withdraw(funded), 400, "limit_exceeded")


def test_what_is_cancelled_or_rejected_goes_back_to_its_own_day(
    funded: World, operate: Any, env: Environment
) -> None:
    operate("limits", "set", "--per-30-days", "310.00")
    first = withdraw(funded)
    second = withdraw(funded)
    day_one = operate("limits", "show")["used_today_usd"]
    funded.sweep(DAY)
    third = withdraw(funded)
    today = operate("limits", "show")["used_today_usd"]
    refused(withdraw(funded), 400, "limit_exceeded")
    cancel(funded, first)
    shown = operate("limits", "show")
    assert shown["used_today_usd"] == today
    assert float(shown["used_30_days_usd"]) == pytest.approx(float(today) + float(day_one) / 2, abs=0.02)
    run(env, ["withdrawal", "reject", second.json["withdrawal_id"], "--reason", "no"])
    cancel(funded, third)
    assert operate("limits", "show")["used_30_days_usd"] == "0.00"
    assert withdraw(funded, "300").status == 201


def test_a_release_after_its_day_counts_no_more_changes_nothing(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-day", "1000.00")
    first = withdraw(funded)
    funded.sweep(31 * DAY)
    withdraw(funded)
    before = operate("limits", "show")
    cancel(funded, first)
    assert operate("limits", "show") == before


def test_a_withdrawal_from_before_the_limits_gives_nothing_back(funded: World, operate: Any) -> None:
    first = withdraw(funded)
    operate("limits", "set", "--per-day", "1000.00")
    withdraw(funded)
    before = operate("limits", "show")
    cancel(funded, first)
    assert operate("limits", "show") == before


def test_dollar_limits_need_a_price_and_others_do_not(funded: World, operate: Any) -> None:
    operate("limits", "set", "--per-hour", "10")
    funded.clock.advance(600)
    assert withdraw(funded).status == 201
    operate("limits", "set", "--per-day", "1000")
    refused(withdraw(funded), 503, "rates_unavailable")


def test_two_releases_of_an_earlier_day_cannot_overwrite_each_other(
    funded: World, operate: Any, tenant: NewTenant
) -> None:
    operate("limits", "set", "--per-day", "1000.00")
    made = [withdraw(funded).json["withdrawal_id"] for _ in range(2)]
    funded.sweep(DAY)
    withdraw(funded)
    env = funded.env
    records = [
        record
        for record in env.store.query_all(WithdrawalRecord, f"WITHDRAWAL#{tenant.tenant_id}")
        if record.sk in made
    ]
    decided = [releases.writes(env, record) for record in records]
    env.store.commit(*decided[0])
    with pytest.raises(ConflictError):
        env.store.commit(*decided[1])


def test_a_signing_transaction_demands_that_nothing_is_frozen(
    funded: World, tenant: NewTenant, operate: Any
) -> None:
    assert not protection.is_frozen(funded.env, tenant.tenant_id)
    demand = protection.not_frozen_check(tenant.tenant_id)
    funded.env.store.commit(demand)
    operate("tenant", "freeze")
    assert protection.is_frozen(funded.env, tenant.tenant_id)
    with pytest.raises(WithdrawalsFrozenError):
        funded.env.store.commit(demand)
    operate("tenant", "unfreeze")
    funded.env.store.commit(demand)


def test_the_usual_withdrawal_costs_one_call(funded: World, aws_calls: Any, operate: Any) -> None:
    def calls(status: int = 201, **asked: Any) -> list[str]:
        aws_calls.reset()
        assert withdraw(funded, **asked).status == status
        return [call for call in aws_calls.made if call != "SendMessage"]

    withdraw(funded)  # tenant, prices and fees are read now, and kept for a while
    assert calls() == ["TransactWriteItems"]
    operate("limits", "set", "--per-day", "1000000", "--per-hour", "1000")
    withdraw(funded)
    assert calls() == ["TransactWriteItems"]
    assert len(calls(400, amount="99999")) == 2


def test_taking_one_back_costs_two_calls(funded: World, aws_calls: Any, operate: Any) -> None:
    operate("limits", "set", "--per-day", "1000000")
    made = withdraw(funded)
    aws_calls.reset()
    cancel(funded, made)
    assert [call for call in aws_calls.made if call != "SendMessage"] == ["BatchGetItem", "TransactWriteItems"]


def test_what_is_released_repays_a_debt_first(funded: World, tenant: NewTenant) -> None:
    made = withdraw(funded)
    owing = keys.balance(tenant.tenant_id, "master", "USDTTRC20")
    actions = [BalanceRecord.owed.set(30_000_000), BalanceRecord.available.set(0)]
    funded.env.store.commit(update(owing, actions))
    cancel(funded, made)
    account = funded.client.get("/user/balances/").json["account"]["USDTTRC20"]
    assert (account["available_balance"], account["pending_amount"]) == ("70.00000000", "0.00000000")
    assert "owed" not in account or account["owed"] is None


def test_whoever_owes_cannot_withdraw(funded: World, tenant: NewTenant) -> None:
    owing = keys.balance(tenant.tenant_id, "master", "USDTTRC20")
    funded.env.store.commit(update(owing, [BalanceRecord.owed.set(30_000_000)]))
    answer = withdraw(funded)
    refused(answer, 400, "insufficient_balance")
    assert "owes 30.00000000 USDTTRC20" in answer.json["error"]["message"]


def test_what_is_remembered_is_bounded(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "KEPT", 3)
    seen = env.keep(Protections)
    for number in range(10):
        seen.saw(f"t_{number}", protection.ProtectionRecord())
    assert seen.seen("t_9") is not None
    assert sum(seen.seen(f"t_{number}") is not None for number in range(10)) <= 3


@pytest.mark.parametrize(
    "command",
    [
        ["limits", "set", "ID"],
        ["limits", "set", "ID", "--per-day", "-1"],
        ["limits", "set", "ID", "--per-day", "1.001"],
        ["limits", "set", "ID", "--per-hour", "0"],
        ["limits", "set", "ID", "--per-hour", "1.5"],
        ["allow-list", "on", "ID", "--waiting-hours", "-1"],
        ["allow-list", "add", "ID", "DOGE", TRON],
        ["allow-list", "add", "ID", "BTC", TRON],
        ["allow-list", "remove", "ID", "TRX", TRON],
        ["limits", "set", "t_nobody", "--per-day", "1"],
        ["limits", "show", "t_nobody"],
        ["allow-list", "on", "t_nobody"],
        ["allow-list", "add", "t_nobody", "TRX", TRON],
        ["allow-list", "show", "t_nobody"],
        ["tenant", "freeze", "t_nobody"],
        ["withdrawal", "show", "nonsense"],
        ["withdrawal", "reject", "01a0c450-6c00-7001-8d21-7b00fa205958", "--reason", "no"],
    ],
)
def test_a_command_that_cannot_be_done_changes_nothing(
    env: Environment, tenant: NewTenant, command: list[str]
) -> None:
    with pytest.raises((ApiError, OperatorUsageError)):
        run(env, [tenant.tenant_id if word == "ID" else word for word in command])
    assert protection.read(env, tenant.tenant_id) is None
    assert protection.read(env, "t_nobody") is None


def test_a_rejected_withdrawal_says_why_and_gives_all_back(
    funded: World, env: Environment, tenant: NewTenant
) -> None:
    made = withdraw(funded).json["withdrawal_id"]
    answer = run(env, ["withdrawal", "reject", made, "--reason", "We do not know this address."])
    assert (answer["status"], answer["tenant_id"]) == ("rejected", tenant.tenant_id)
    shown = funded.client.get(f"/withdrawal/{made}/").json
    assert (shown["status"], shown["error_message"]) == ("rejected", "We do not know this address.")
    assert funded.client.get("/user/balances/").json["account"]["USDTTRC20"]["pending_amount"] == "0.00000000"
    refused(funded.client.post(f"/withdrawal/{made}/cancel/"), 409, "invalid_state")
    assert run(env, ["withdrawal", "show", made])["attempts"] == []
    funded.settle()
    assert [event["status"] for event in funded.events(tenant.tenant_id)] == ["rejected"]
