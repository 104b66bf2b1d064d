"""Withdrawals on their way: signed, sent, confirmed, settled or released."""

import pytest

from chalicelib.ledger.service import fund, trial_balances
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books, history, statuses
from tests.payouts.steps_of_payouts import FUNDED, GAS, HELD, SENT, arrived, available, put
from tests.support.world import World
from tests.withdrawals.accepted import accept, stored


def test_a_withdrawal_is_signed_sent_confirmed_and_settled(paying: World, tenant: NewTenant) -> None:
    record = put(paying)
    assert available(paying) == (FUNDED - HELD, HELD)
    paying.settle()
    assert stored(paying.env, record).status == "submitted"
    paying.mine(count=18)
    assert stored(paying.env, record).status == "submitted"
    paying.mine()
    found = stored(paying.env, record)
    assert (found.status, found.completed_at) == ("completed", found.updated_at)
    assert arrived(paying, record) == [SENT]
    assert available(paying) == (FUNDED - HELD, 0)
    assert statuses(paying, tenant) == ["processing", "submitted", "completed"]
    assert history(paying)[-1] == ("withdrawal", "-54.50000000", "945.50000000")
    assert books(paying, tenant) == {
        "custody": FUNDED - SENT,
        "fees": -1_000_000,
        "network_expense": -3_500_000,
        "master": HELD - FUNDED,
    }
    assert books(paying, tenant, "TRX") == {"custody": -GAS, "network_expense": GAS}


def test_its_events_show_the_moment_they_tell_of(paying: World, tenant: NewTenant) -> None:
    record = put(paying)
    paying.settle()
    paying.mine(count=19)
    shown = [event["data"] for event in paying.events(tenant.tenant_id)]
    txid = stored(paying.env, record).attempts[0].txid
    assert [one["transaction_hash"] for one in shown] == [None, txid, txid]
    assert [one["confirmations"] for one in shown] == [0, 0, 19]
    assert [one["version"] for one in shown] == sorted({one["version"] for one in shown})
    assert [one["completed_at"] is None for one in shown] == [True, True, False]
    assert shown[-1]["required_confirmations"] == 19
    assert shown[-1]["fee"] == "4.50000000"


def test_a_reverted_payout_fails_once_that_is_deep_and_gives_the_hold_back(
    paying: World, tenant: NewTenant
) -> None:
    paying.node.set_payouts("TRX", "revert")
    record = put(paying)
    paying.settle()
    paying.mine(count=18)
    assert stored(paying.env, record).status == "submitted"
    assert available(paying) == (FUNDED - HELD, HELD)
    paying.mine()
    assert stored(paying.env, record).status == "failed"
    assert available(paying) == (FUNDED, 0)
    assert arrived(paying, record) == []
    assert paying.events(tenant.tenant_id)[-1]["data"]["error_message"] == (
        "The chain mined the payout and reverted it."
    )
    assert books(paying, tenant, "TRX") == {"custody": -GAS, "network_expense": GAS}
    paying.node.set_payouts("TRX", "ok")
    paying.sweep()
    paying.mine(count=3)
    assert arrived(paying, record) == []


def test_every_message_twice_changes_nothing(paying: World, tenant: NewTenant) -> None:
    records = [put(paying) for _ in range(4)]
    for _ in range(24):
        paying.work(times=2)
        paying.node.mine("TRX")
        paying.tick()
    assert {stored(paying.env, one).status for one in records} == {"completed"}
    assert [arrived(paying, one) for one in records] == [[SENT]] * 4
    assert sorted(stored(paying.env, one).slot or 0 for one in records) == [0, 1, 2, 3]
    assert statuses(paying, tenant).count("completed") == 4


def test_a_released_hold_repays_what_the_account_owes(paying: World, tenant: NewTenant) -> None:
    payment = paying.create()
    paying.pay(payment, 100_000_000)
    paying.mine(count=19)
    paying.node.fund_hot_wallet("TRX", "USDT", FUNDED)
    spent = accept(paying.env, tenant.tenant_id, available(paying)[0] - 4_500_000)
    paying.node.set_payouts("TRX", "revert")
    paying.settle()
    (txid,) = [one["transaction_hash"] for one in paying.status(payment)["payment_history"]]
    paying.node.reorg("TRX", 19, [txid])
    paying.tick()
    assert trial_balances(paying.env, tenant.tenant_id)
    paying.mine(count=21)
    assert stored(paying.env, spent).status == "failed"
    assert stored(paying.env, spent).repaid == 99_000_000
    assert books(paying, tenant)["master"] == -FUNDED
    assert [row[:2] for row in history(paying)[2:]] == [("reversal", "0.00000000"), ("reversal", "-99.00000000")]


@pytest.mark.parametrize(("currency", "gas_code"), [("USDTBSC", "BNB"), ("USDTARB", "ETHARB"), ("BTC", "BTC")])
def test_gas_is_booked_in_the_native_coin(world: World, tenant: NewTenant, currency: str, gas_code: str) -> None:
    known = world.env.catalogue.by_code(currency)
    units = known.withdrawal_min_units + 10**7
    fund(world.env, tenant.tenant_id, currency, 10**24)
    for token in {known.token, "BNB", "ETH"}:
        world.node.fund_hot_wallet(known.blockchain, token, 10**24)
    record = accept(world.env, tenant.tenant_id, units, currency, network_fee=known.network_fee_units)
    world.settle()
    world.mine(known.blockchain, known.confirmations)
    assert stored(world.env, record).status == "completed"
    took = stored(world.env, record).gas
    assert took[0] == gas_code
    assert books(world, tenant, gas_code)["network_expense"] == took[1] - (
        known.network_fee_units if currency == "BTC" else 0
    )
