"""The books held against the chains, through everything that moves money, and what is planted to be found."""

import json
from random import Random
from typing import Any

import pytest

from chalicelib.audit import custody, service, workers
from chalicelib.audit.alarms import AuditAlarmError
from chalicelib.audit.report import Report, Row
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.service import trial_balances
from chalicelib.operator.command_line import run
from chalicelib.storage import keys, unit_of_work
from chalicelib.storage.records import Record
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.payouts.steps_of_payouts import FUNDED, GAS, SENT, put
from tests.support.world import World
from tests.withdrawals.accepted import stored

PAID = 100_000_000
DEPTH = 19
TRX_STOCK = 10**12


def compare(world: World) -> Report:
    return custody.compare(world.env, Random(1))


def row(report: Report, token: str = "USDT", blockchain: str = "TRX") -> Row:
    (found,) = [
        row for chain in report.chains for row in chain.rows if (row.blockchain, row.token) == (blockchain, token)
    ]
    return found


def figures(world: World, token: str = "USDT") -> tuple[int, int, int, int, int]:
    """Return custody, what is on the chain, in flight in and out, and the difference."""
    found = row(compare(world), token)
    flights = found.in_flight_in_units, found.in_flight_out_units
    return found.custody_units, found.on_chain_units, *flights, found.difference_units


def paid(world: World, tenant: NewTenant) -> World:
    """Have the hot wallet known: one payout was made."""
    put(world)
    world.settle()
    world.mine(count=DEPTH)
    return world


def operate(world: World, *argv: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(run(world.env, argv)))
    return answer


def test_a_deposit_is_in_flight_until_it_is_credited_and_then_in_custody(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, PAID)
    assert compare(world).missing == []
    world.mine()
    assert figures(world) == (0, PAID, PAID, 0, 0)
    (flight,) = [flight for chain in compare(world).chains for flight in chain.flights]
    assert (flight.kind, flight.units) == ("deposit", PAID)
    world.mine(count=DEPTH)
    assert figures(world) == (PAID, PAID, 0, 0, 0)


def test_dust_that_waits_is_in_flight_for_as_long_as_it_waits(world: World) -> None:
    payment = world.create()
    world.pay(payment, 900)
    world.mine(count=DEPTH + 1)
    for _ in range(4):
        world.sweep(300)
    assert figures(world) == (0, 900, 900, 0, 0)
    world.pay(payment, PAID)
    world.mine(count=DEPTH + 1)
    assert figures(world)[-1] == 0
    assert sum(figures(world)[0:3:2]) == PAID + 900


def test_custody_is_what_the_trial_balances_of_all_merchants_say(paying: World, tenant: NewTenant) -> None:
    other = create_tenant(paying.env, "Another")
    book_credit(paying, other, 777)
    paid(paying, tenant)
    by_hand = sum(
        entry.balance_units
        for one in (tenant, other)
        for entry in trial_balances(paying.env, one.tenant_id)["USDTTRC20"]
        if entry.account == "custody"
    )
    assert figures(paying)[0] == by_hand == FUNDED - SENT + 777


def test_a_payout_is_in_flight_from_its_block_to_its_settlement_gas_included(
    paying: World, tenant: NewTenant
) -> None:
    paid(paying, tenant)
    left = FUNDED - SENT
    assert figures(paying) == (left, left, 0, 0, 0)
    assert figures(paying, "TRX") == (-GAS, TRX_STOCK - GAS, 0, 0, TRX_STOCK)
    record = put(paying)
    paying.settle()
    assert figures(paying) == (left, left, 0, 0, 0)
    paying.mine()
    assert figures(paying) == (left, left - SENT, 0, SENT, 0)
    assert figures(paying, "TRX") == (-GAS, TRX_STOCK - 2 * GAS, 0, GAS, TRX_STOCK)
    paying.mine(count=DEPTH)
    assert stored(paying.env, record).status == "completed"
    assert figures(paying) == (left - SENT, left - SENT, 0, 0, 0)


def test_a_reverted_payout_costs_its_gas_alone(paying: World, tenant: NewTenant) -> None:
    paid(paying, tenant)
    paying.node.set_payouts("TRX", "revert")
    record = put(paying)
    paying.settle()
    paying.mine()
    assert (figures(paying)[-1], figures(paying, "TRX")[3:]) == (0, (GAS, TRX_STOCK))
    paying.mine(count=DEPTH)
    assert stored(paying.env, record).status == "failed"
    assert (figures(paying)[-1], figures(paying, "TRX")[-1]) == (0, TRX_STOCK)


def test_a_settled_payout_that_a_reorganisation_took_back_is_on_its_way_again(
    paying: World, tenant: NewTenant
) -> None:
    paid(paying, tenant)
    record = put(paying)
    paying.settle()
    paying.mine(count=DEPTH)
    paying.node.reorg("TRX", DEPTH, [stored(paying.env, record).attempts[0].txid])
    paying.tick()
    assert figures(paying) == (FUNDED - 2 * SENT, FUNDED - SENT, SENT, 0, 0)


def test_a_credited_deposit_that_is_gone_is_in_flight_out_until_it_is_reversed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    txid = world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    world.node.reorg("TRX", DEPTH + 1, [txid])
    assert "reorganised" in str([one.unchecked for one in compare(world).chains if one.blockchain == "TRX"])
    with monkeypatch.context() as patch:
        patch.setattr(world.queues, "report_deposits", lambda _: None)
        world.tick()
    assert figures(world) == (PAID, 0, 0, PAID, 0)
    for _ in range(3):
        world.sweep(300)
    assert compare(world).missing == []
    assert next(one for one in compare(world).chains if one.blockchain == "TRX").flights == []


def test_coins_taken_out_of_the_hot_wallet_are_an_alarm_with_the_exact_amount(
    paying: World, tenant: NewTenant, caplog: pytest.LogCaptureFixture
) -> None:
    paid(paying, tenant)
    workers.audit_custody(paying.env, Random(1))
    caplog.clear()
    paying.node.set_hot_wallet("TRX", "USDT", FUNDED - SENT - 12_345)
    with pytest.raises(AuditAlarmError):
        workers.audit_custody(paying.env, Random(1))
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "12345 units of USDT are missing on TRX" in line
    (shown,) = operate(paying, "audit", "show")["reports"]
    (token,) = [one for one in shown["tokens"] if one["token"] == "USDT"]
    assert token["difference_units"] == -12_345
    assert len(operate(paying, "audit", "show", "--last", "2")["reports"]) in (1, 2)


def test_a_treasurers_stock_hides_no_theft_once_it_is_vouched_for(paying: World, tenant: NewTenant) -> None:
    paid(paying, tenant)
    (accepted,) = operate(paying, "audit", "accept")["accepted"]
    assert (accepted["token"], accepted["capital_units"]) == ("TRX", TRX_STOCK)
    assert figures(paying, "TRX")[-1] == 0
    paying.node.set_hot_wallet("TRX", "TRX", TRX_STOCK - GAS - 5)
    assert [(one.token, one.difference_units) for one in compare(paying).missing] == [("TRX", -5)]
    operate(paying, "audit", "set-capital", "tron", "trx", str(TRX_STOCK), "--tolerance", "5")
    assert compare(paying).missing == []
    operate(paying, "audit", "set-capital", "TRX", "TRX", str(TRX_STOCK - 5))
    assert (compare(paying).missing, figures(paying, "TRX")[-1]) == ([], 0)


def book_credit(world: World, tenant: NewTenant, units: int, name: str = "TRX:0xnone:0:1") -> None:
    before = book.read_balance(world.env.store, tenant.tenant_id, MASTER, "USDTTRC20")
    posting = rules.credit(before, MASTER, units, units)
    made = book.movement(
        tenant.tenant_id,
        name,
        "deposit",
        "USDTTRC20",
        posting,
        gross_units=units,
        fee_units=0,
        reference="p",
        now=0,
    )
    world.env.store.commit(*book.writes(tenant.tenant_id, made, posting))


def test_a_credit_for_which_nothing_came_is_an_alarm(world: World, tenant: NewTenant) -> None:
    world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    book_credit(world, tenant, 4_321)
    assert [(one.token, one.difference_units) for one in compare(world).missing] == [("USDT", -4_321)]


def test_what_came_and_was_never_booked_is_listed_as_a_surplus(world: World) -> None:
    payment = world.create()
    world.pay(payment, PAID)
    world.mine(count=DEPTH + 1)
    world.node._chains["TRX"].book(payment["address"], "USDT", 9)
    assert (figures(world)[-1], compare(world).missing) == (9, [])


def test_a_chain_that_is_away_is_not_checked_and_holds_up_no_other(world: World) -> None:
    world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    world.node.set_outage("ETH", 60)
    answer = operate(world, "audit", "run")
    assert list(answer["not_checked"]) == ["ETH"]
    assert [one["difference_units"] for one in answer["tokens"]] == [0]
    world.node.set_outage("TRX", 60)
    assert set(operate(world, "audit", "run")["not_checked"]) == {"ETH", "TRX"}


def test_what_seems_to_be_missing_is_read_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    adapter = world.nodes.adapters["TRX"]
    balances = iter([PAID - 1])
    real = type(adapter).balance
    monkeypatch.setattr(
        type(adapter), "balance", lambda self, address, token: next(balances, None) or real(self, address, token)
    )
    assert compare(world).missing == []


def test_balances_that_may_not_all_be_asked_are_remembered_once_they_were_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody.places.read, "__defaults__", (1,))
    for _ in range(3):
        world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    reasons = [[one.unchecked for one in compare(world).chains if one.unchecked] for _ in range(3)]
    assert [len(one) for one in reasons] == [1, 1, 0]
    assert "2 balances were never read" in reasons[0][0]
    found = row(compare(world))
    assert (found.on_chain_units, found.remembered_units, found.difference_units) == (3 * PAID, 2 * PAID, 0)


def test_thirty_reports_are_kept(world: World) -> None:
    for _ in range(32):
        world.clock.advance(86_400)
        service.audit_custody(world.env, Random(1))
    kept = service.reports(world.env)
    assert len(kept) == service.REPORTS_KEPT == 30
    assert kept[0].made_at == int(world.clock.now())
    assert [one.made_at for one in kept] == sorted((one.made_at for one in kept), reverse=True)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("show", "--last", "0"), InvalidRequestError),
        (("show", "--last", "٣"), InvalidRequestError),
        (("set-capital", "TRX", "USDT", "1.5"), InvalidRequestError),
        (("set-capital", "TRX", "USDT", "5", "--tolerance", "-1"), InvalidRequestError),
        (("set-capital", "DOGE", "USDT", "5"), NotFoundError),
        (("set-capital", "BTC", "USDT", "5"), NotFoundError),
    ],
)
def test_what_the_operator_cannot_say_is_refused(
    env: Environment, argv: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(env, ["audit", *argv])


def test_gas_coins_without_a_currency_are_compared_too(env: Environment) -> None:
    assert custody.tokens_of(env, "BSC")["BNB"] == "BNB"
    assert custody.tokens_of(env, "TRX")["TRX"] == "TRX"
    assert custody.tokens_of(env, "MATIC")["POL"] == "POL"


def test_the_root_of_a_list_among_its_rows_is_no_withdrawal(env: Environment, tenant: NewTenant) -> None:
    env.store.commit(unit_of_work.put(Record(pk=keys.withdrawals(tenant.tenant_id), sk="0~")))
    assert custody.books.read(env, set(), set(), 0).rows["withdrawals"] == 0
