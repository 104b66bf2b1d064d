"""Deposits brought home: topped up, swept whole, once; nobody's balance notices."""

import pytest

from chalicelib.chains.workers import scan_chain
from chalicelib.currencies.workers import refresh_prices
from chalicelib.sweeping.workers import sweep_accounts
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books, statuses
from tests.support.world import World
from tests.sweeping.steps_of_sweeping import (
    DEEP,
    PAID,
    QUARTER,
    TOKEN_FEE,
    TOP_UP_FEE,
    blocks,
    gas_books,
    holdings,
    lies,
    moves,
    paid,
    quarter,
    stand,
)


def home(world: World, token: str = "USDT", chain: str = "TRX") -> int:
    return world.node.hot_wallet_balance(chain, token)


def test_a_token_is_topped_up_and_swept_whole(sweeping: World, tenant: NewTenant) -> None:
    payment = paid(sweeping)
    before = books(sweeping, tenant)
    quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed")]
    assert lies(sweeping, payment, "TRX") == 2 * TOKEN_FEE
    quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed"), ("sweep", "completed")]
    assert (lies(sweeping, payment, "USDT"), home(sweeping)) == (0, PAID)
    quarter(sweeping)
    assert holdings(sweeping.env) == []
    assert len(moves(sweeping.env)) == 2
    gas = TOP_UP_FEE + TOKEN_FEE
    assert gas_books(sweeping, "TRX") == {"custody": -gas, "network_expense": gas}
    assert books(sweeping, tenant) == before
    assert books(sweeping, tenant, "TRX") == {}
    assert set(statuses(sweeping, tenant)) <= {"waiting", "pending", "confirming", "paid", "completed"}
    assert len(sweeping.status(payment)["payment_history"]) == 1


def test_the_native_coin_pays_for_itself(sweeping: World, tenant: NewTenant) -> None:
    confirmations = sweeping.env.catalogue.most_confirmations("ETH")
    payment = sweeping.create(currency="ETH", amount="0.1", price_currency="ETH")
    sweeping.pay(payment, 10**17)
    blocks(sweeping, "ETH", confirmations)
    before = books(sweeping, tenant, "ETH")
    quarter(sweeping, "ETH", confirmations)
    (move,) = moves(sweeping.env)
    fee = 21_000 * 2 * 10**9
    assert (move.purpose, move.status, move.amount) == ("sweep", "completed", 10**17 - 2 * fee)
    assert home(sweeping, "ETH", "ETH") == move.amount
    assert lies(sweeping, payment, "ETH") == fee
    quarter(sweeping, "ETH", 1)
    assert holdings(sweeping.env, "ETH") == []
    assert gas_books(sweeping, "ETH") == {"custody": -fee, "network_expense": fee}
    assert books(sweeping, tenant, "ETH") == before


def test_a_deposit_that_is_not_deep_is_not_touched(sweeping: World) -> None:
    payment = sweeping.create()
    sweeping.pay(payment, PAID)
    blocks(sweeping, count=DEEP - 1)
    quarter(sweeping, count=0)
    assert holdings(sweeping.env) == []
    sweeping.mine()
    quarter(sweeping, count=0)
    assert [one.tokens for one in holdings(sweeping.env)] == [["USDT"]]


def test_what_is_worth_too_little_waits_for_more(sweeping: World) -> None:
    payment = paid(sweeping, 40_000_000)
    quarter(sweeping)
    assert moves(sweeping.env) == []
    (holding,) = holdings(sweeping.env)
    assert int(holding.lv) - sweeping.clock.now() == 7 * 86_400
    sweeping.pay(payment, 20_000_000)
    blocks(sweeping)
    for _ in range(3):
        quarter(sweeping)
    assert (home(sweeping), holdings(sweeping.env)) == (60_000_000, [])


def test_without_the_setting_nothing_is_swept(sweeping: World) -> None:
    from dataclasses import replace  # noqa: PLC0415

    paid(sweeping)
    off = replace(sweeping.env.settings, sweep_above_cents=None)
    sweep_accounts(replace(sweeping.env, settings=off))
    assert holdings(sweeping.env) == []


def test_without_a_fresh_price_it_waits(sweeping: World) -> None:
    paid(sweeping)
    sweeping.clock.advance(QUARTER)
    sweep_accounts(sweeping.env)
    assert (len(holdings(sweeping.env)), moves(sweeping.env)) == (1, [])
    quarter(sweeping, count=0)
    assert stand(sweeping.env) == [("top-up", "submitted")]


def test_gas_that_costs_too_much_of_it_is_waited_out(
    sweeping: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from chalicelib.sweeping import rules  # noqa: PLC0415

    paid(sweeping)
    monkeypatch.setattr(rules, "MOST_COST", rules.MOST_COST / 10)
    with caplog.at_level("INFO"):
        quarter(sweeping)
    assert moves(sweeping.env) == []
    assert "waits for cheaper gas" in caplog.text
    monkeypatch.undo()
    sweeping.clock.advance(3600)
    quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed")]


def test_a_hot_wallet_short_of_gas_makes_it_wait(sweeping: World, caplog: pytest.LogCaptureFixture) -> None:
    sweeping.node.set_hot_wallet("TRX", "TRX", 2 * TOKEN_FEE + TOP_UP_FEE - 1)
    paid(sweeping)
    quarter(sweeping)
    assert moves(sweeping.env) == []
    assert "is short of TRX: sweeps wait" in caplog.text
    sweeping.node.set_hot_wallet("TRX", "TRX", 2 * TOKEN_FEE + TOP_UP_FEE)
    paid(sweeping)
    quarter(sweeping)  # the gas is enough for one of both
    assert stand(sweeping.env) == [("top-up", "completed")]


def test_the_schedule_twice_and_every_message_twice_change_nothing(sweeping: World) -> None:
    payments = [paid(sweeping) for _ in range(3)]
    for _ in range(4):
        sweeping.clock.advance(QUARTER)
        refresh_prices(sweeping.env)
        sweep_accounts(sweeping.env)
        sweep_accounts(sweeping.env)
        for count in (1, DEEP - 1):
            while sweeping.work(times=2):
                pass
            for _ in range(count):
                sweeping.node.mine("TRX")
            scan_chain(sweeping.env, "TRX")
        while sweeping.work(times=2):
            pass
    assert sorted(stand(sweeping.env)) == [("sweep", "completed")] * 3 + [("top-up", "completed")] * 3
    assert home(sweeping) == 3 * PAID
    assert [lies(sweeping, one, "USDT") for one in payments] == [0] * 3
    assert holdings(sweeping.env) == []


def test_two_tokens_of_one_account_come_home_one_after_the_other(sweeping: World) -> None:
    payment = paid(sweeping)
    sweeping.pay(payment, 400_000_000, "TRX")
    blocks(sweeping)
    for _ in range(3):
        quarter(sweeping)
    assert stand(sweeping.env) == [("sweep", "completed")] * 2  # the coin that was paid pays the gas
    assert [one.token for one in moves(sweeping.env)] == ["USDT", "TRX"]
    assert (home(sweeping), lies(sweeping, payment, "TRX")) == (PAID, TOP_UP_FEE)
    quarter(sweeping)
    assert holdings(sweeping.env) == []


def test_money_that_comes_while_a_sweep_is_under_way_is_swept_too(sweeping: World) -> None:
    payment = paid(sweeping)
    quarter(sweeping)
    quarter(sweeping, count=1)
    assert stand(sweeping.env)[1] == ("sweep", "submitted")
    sweeping.pay(payment, 70_000_000)
    blocks(sweeping)
    for _ in range(4):
        quarter(sweeping)
    assert (home(sweeping), holdings(sweeping.env)) == (PAID + 70_000_000, [])


def test_more_money_on_its_way_is_waited_for(sweeping: World) -> None:
    payment = paid(sweeping)
    sweeping.pay(payment, 70_000_000)
    sweeping.mine()
    quarter(sweeping)
    assert moves(sweeping.env) == []
    quarter(sweeping)
    quarter(sweeping)
    assert [one.amount for one in moves(sweeping.env)][1:] == [PAID + 70_000_000]


def test_a_top_up_that_the_scanner_sees_late_is_nobodys_deposit(sweeping: World, tenant: NewTenant) -> None:
    """The scanner stands still while the top-up and the sweep are done; then it reads their blocks."""
    payment = paid(sweeping)
    before = books(sweeping, tenant)
    for _ in range(3):
        sweeping.clock.advance(QUARTER)
        refresh_prices(sweeping.env)
        sweep_accounts(sweeping.env)
        for _ in range(DEEP + 1):
            sweeping.env.queues.wake_payouts("TRX")
            sweeping.settle()
            sweeping.node.mine("TRX")
    assert stand(sweeping.env) == [("top-up", "completed"), ("sweep", "completed")]
    assert holdings(sweeping.env) == []
    sweeping.tick()
    blocks(sweeping)
    assert books(sweeping, tenant) == before
    assert books(sweeping, tenant, "TRX") == {}
    assert len(sweeping.status(payment)["payment_history"]) == 1


def test_the_customers_own_coin_is_still_a_deposit(sweeping: World, tenant: NewTenant) -> None:
    payment = paid(sweeping)
    quarter(sweeping)
    sweeping.pay(payment, 300_000_000, "TRX")
    blocks(sweeping)
    assert len(sweeping.status(payment)["payment_history"]) == 2
    assert books(sweeping, tenant, "TRX")["custody"] == 300_000_000
