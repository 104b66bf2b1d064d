import json
from dataclasses import replace
from itertools import pairwise

import pytest

from chalicelib.chains.adapter import Fee, Payout
from chalicelib.ledger.book import read_balance
from chalicelib.ledger.service import fund, trial_balances
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put as store_put
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import payout_rules, payouts
from chalicelib.withdrawals.fees import FeeTableCache, FeeTableRecord
from chalicelib.withdrawals.guarding import set_frozen
from chalicelib.withdrawals.payouts import turn
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.workers import handle_payouts
from tests.journeys.books import books, history, statuses
from tests.support.world import World, sqs_event
from tests.withdrawals.accepted import accept, stored

FUNDED, SENT, HELD = 1_000_000_000, 50_000_000, 54_500_000
GAS = 14_000_000


@pytest.fixture
def paying(world: World, tenant: NewTenant) -> World:
    """The world, with money for the merchant and coin in the hot wallet of TRX."""
    fund(world.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    world.node.fund_hot_wallet("TRX", "USDT", FUNDED)
    world.node.fund_hot_wallet("TRX", "TRX", 10**12)
    world.settle()
    world.tenant = tenant
    return world


def arrived(world: World, record: WithdrawalRecord) -> list[int]:
    """Return what came to a withdrawal's address, in blocks and in the mempool."""
    return [one.units for one in world.node.address_transfers("TRX", record.address)]


def available(world: World) -> tuple[int, int]:
    balance = read_balance(world.env.store, world.tenant.tenant_id, "master", "USDTTRC20")
    return balance.available_units, balance.pending_units


def put(world: World) -> WithdrawalRecord:
    return accept(world.env, world.tenant.tenant_id, SENT)


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


def test_a_stuck_payout_is_bumped_in_its_slot_and_paid_once(paying: World, tenant: NewTenant) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    paying.mine(count=3)
    paying.sweep(payout_rules.STUCK_SECONDS - 60)
    assert len(stored(paying.env, record).attempts) == 1
    paying.sweep(61)
    first, second = stored(paying.env, record).attempts
    assert second.fee_units * 8 >= first.fee_units * 9
    paying.mine(count=19)
    assert stored(paying.env, record).status == "completed"
    assert arrived(paying, record) == [SENT]
    event = paying.events(tenant.tenant_id)[-1]
    assert event["data"]["transaction_hash"] == second.txid
    assert books(paying, tenant, "TRX")["network_expense"] == second.fee_units


def test_a_bump_whose_sending_was_lost_is_sent_later(paying: World) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    paying.clock.advance(payout_rules.STUCK_SECONDS)
    paying.node.set_outage("TRX", 0)
    found = stored(paying.env, record)
    from chalicelib.withdrawals import following, hot_wallets  # noqa: PLC0415 -- half a turn

    wallet = hot_wallets.wallet(paying.env, "TRX")
    seen = [wallet.adapter.status(found.attempts[0].txid)]
    assert following._bump_if_stuck(wallet, found, seen)
    paying.mine(count=20)
    assert stored(paying.env, record).status == "completed"
    assert stored(paying.env, record).mined == 1
    assert arrived(paying, record) == [SENT]


def test_a_fee_is_not_raised_for_ever(paying: World, caplog: pytest.LogCaptureFixture) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    for _ in range(40):
        paying.sweep(payout_rules.STUCK_SECONDS)
    fees = [attempt.fee_units for attempt in stored(paying.env, record).attempts]
    assert all(after * 8 >= before * 9 for before, after in pairwise(fees))
    assert fees[-1] <= GAS * payout_rules.MOST_TIMES_ESTIMATE
    assert "whatever it offers" in caplog.text
    paying.mine(count=19)
    assert stored(paying.env, record).status == "completed"


def test_a_payout_that_a_reorganisation_dropped_is_sent_again_the_same(paying: World) -> None:
    record = put(paying)
    paying.settle()
    paying.mine(count=5)
    (attempt,) = stored(paying.env, record).attempts
    paying.node.reorg("TRX", 5, [attempt.txid])
    paying.tick()
    paying.mine(count=18)
    assert stored(paying.env, record).status == "submitted"
    paying.mine()
    found = stored(paying.env, record)
    assert found.status == "completed"
    assert [one.txid for one in found.attempts] == [attempt.txid]
    assert arrived(paying, record) == [SENT]


def test_a_payout_that_a_reorganisation_moved_counts_from_its_new_block(paying: World) -> None:
    record = put(paying)
    paying.settle()
    paying.mine(count=5)
    before = stored(paying.env, record).block_hash
    paying.node.reorg("TRX", 5, [])
    paying.tick()
    paying.mine()
    assert stored(paying.env, record).block_hash != before
    paying.mine(count=13)
    assert stored(paying.env, record).status == "completed"


def test_a_payout_that_the_mempool_lost_is_sent_again(paying: World) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    paying.mine()
    (attempt,) = stored(paying.env, record).attempts
    paying.node.reorg("TRX", 1, [attempt.txid])
    paying.node.set_payouts("TRX", "ok")
    paying.tick()
    assert paying.node.status("TRX", attempt.txid).state == "mempool"
    paying.mine(count=19)
    assert stored(paying.env, record).status == "completed"


def test_a_stranger_who_spends_the_slot_makes_it_fail_once_that_is_deep(paying: World) -> None:
    record = put(paying)
    paying.settle()
    (attempt,) = stored(paying.env, record).attempts
    paying.node.doublespend("TRX", attempt.txid)
    paying.sweep()
    paying.mine(count=18)
    assert stored(paying.env, record).status == "submitted"
    paying.mine()
    assert stored(paying.env, record).status == "failed"
    assert available(paying) == (FUNDED, 0)
    second = put(paying)
    paying.settle()
    paying.mine(count=19)
    assert stored(paying.env, second).status == "completed"


def test_an_outage_decides_nothing(paying: World) -> None:
    paying.node.set_outage("TRX", 600)
    record = put(paying)
    paying.settle()
    paying.sweep()
    assert stored(paying.env, record).status == "pending"
    paying.clock.advance(600)
    paying.sweep()
    assert stored(paying.env, record).status == "submitted"


def test_an_outage_after_the_signature_loses_nothing(paying: World, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = paying.env.chains["TRX"]
    paying.node.set_payouts("TRX", "stuck")
    sign = adapter.sign

    def signed_then_away(*arguments: object) -> object:
        paying.node.set_outage("TRX", 120)
        return sign(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(adapter, "sign", signed_then_away)
    record = put(paying)
    paying.settle()
    assert stored(paying.env, record).status == "processing"
    monkeypatch.undo()
    paying.clock.advance(120)
    paying.sweep()
    assert stored(paying.env, record).status == "submitted"
    assert len(stored(paying.env, record).attempts) == 1


def test_too_little_coin_keeps_it_pending_with_an_alarm_and_smaller_ones_may_pass(
    paying: World, caplog: pytest.LogCaptureFixture
) -> None:
    large = accept(paying.env, paying.tenant.tenant_id, 590_000_000)
    too_large = accept(paying.env, paying.tenant.tenant_id, 385_000_000)
    small = accept(paying.env, paying.tenant.tenant_id, 2_000_000)
    drained = [large, too_large, small]
    paying.node.set_hot_wallet("TRX", "USDT", 970_000_000)
    paying.settle()
    assert [stored(paying.env, one).status for one in drained] == ["submitted", "pending", "submitted"]
    assert "short of USDT" in caplog.text
    paying.node.fund_hot_wallet("TRX", "USDT", 20_000_000)
    paying.sweep()
    assert stored(paying.env, too_large).status == "submitted"


def test_too_little_gas_keeps_it_pending(
    world: World, tenant: NewTenant, caplog: pytest.LogCaptureFixture
) -> None:
    fund(world.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    world.node.fund_hot_wallet("TRX", "USDT", FUNDED)
    world.node.fund_hot_wallet("TRX", "TRX", GAS - 1)
    record = accept(world.env, tenant.tenant_id, SENT)
    world.settle()
    assert stored(world.env, record).status == "pending"
    assert "short of TRX" in caplog.text
    world.node.fund_hot_wallet("TRX", "TRX", 1)
    world.sweep()
    assert stored(world.env, record).status == "submitted"


def test_a_fee_over_three_times_the_fixed_one_is_waited_out(
    paying: World, caplog: pytest.LogCaptureFixture
) -> None:
    table(paying, 3 * 3_500_000 + 1)
    record = put(paying)
    paying.settle()
    assert stored(paying.env, record).status == "pending"
    assert "over 3 times" in caplog.text
    table(paying, 3 * 3_500_000)
    paying.env.queues.wake_payouts("TRX")
    paying.settle()
    assert stored(paying.env, record).status == "submitted"


def table(world: World, units: int) -> None:
    """Let payouts cost so much from now on."""
    pk, sk = keys.fee_table()
    world.env.store.commit(store_put(FeeTableRecord(pk=pk, sk=sk, units={"USDTTRC20": units}, refreshed_at=0)))
    world.env.keep(FeeTableCache).forget()


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


def test_the_lowest_slot_is_sent_again_so_that_the_later_ones_can_be_mined(paying: World) -> None:
    records = [put(paying) for _ in range(3)]
    paying.settle()
    paying.mine(count=2)
    first = stored(paying.env, records[0])
    paying.node.reorg("TRX", 2, [first.attempts[0].txid])
    states = [paying.node.status("TRX", stored(paying.env, one).attempts[0].txid).state for one in records]
    assert states == ["missing", "mempool", "mempool"]
    paying.tick()
    assert [stored(paying.env, one).height for one in records] == [None] * 3
    paying.mine(count=19)
    assert {stored(paying.env, one).status for one in records} == {"completed"}
    assert [arrived(paying, one) for one in records] == [[SENT]] * 3


def test_one_withdrawal_that_goes_wrong_does_not_hold_up_the_others(
    paying: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = put(paying), put(paying)
    paying.aws.messages(paying.env.settings.payouts_queue_url)
    estimate = paying.env.chains["TRX"].estimate

    def broken(payout: Payout) -> Fee:
        if payout.to == wrong.address:
            raise ValueError("a mistake of ours")
        return estimate(payout)

    monkeypatch.setattr(paying.env.chains["TRX"], "estimate", broken)
    body = json.dumps({"blockchain": "TRX"})
    answer = handle_payouts(paying.env, sqs_event(body, body))
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["m0", "m1"]
    assert stored(paying.env, right).status == "submitted"
    assert wrong.sk in caplog.text
    monkeypatch.undo()
    assert handle_payouts(paying.env, sqs_event(body)) == {"batchItemFailures": []}
    assert stored(paying.env, wrong).status == "submitted"


def test_without_a_signer_nothing_is_lost(paying: World, caplog: pytest.LogCaptureFixture) -> None:
    record = put(paying)
    turn(replace(paying.env, signers={}), "TRX")
    assert stored(paying.env, record).status == "pending"
    assert "no signer" in caplog.text


def test_the_rest_of_many_is_signed_in_the_next_turn(paying: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "SIGNED_IN_ONE_TURN", 2)
    records = [accept(paying.env, paying.tenant.tenant_id, 1_000_000) for _ in range(5)]
    paying.aws.messages(paying.env.settings.payouts_queue_url)
    turn(paying.env, "TRX")
    assert [stored(paying.env, one).status for one in records] == ["submitted"] * 2 + ["pending"] * 3
    paying.settle()
    assert {stored(paying.env, one).status for one in records} == {"submitted"}


def test_the_waiting_ones_that_cannot_be_paid_do_not_keep_the_others_from_their_turn(
    paying: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "SIGNED_IN_ONE_TURN", 2)
    paying.node.set_hot_wallet("TRX", "USDT", 9_000_000)
    large = [accept(paying.env, paying.tenant.tenant_id, 10_000_000) for _ in range(3)]
    small = accept(paying.env, paying.tenant.tenant_id, 1_000_000)
    turn(paying.env, "TRX")
    assert stored(paying.env, small).status == "submitted"
    assert {stored(paying.env, one).status for one in large} == {"pending"}


def test_a_freeze_in_the_middle_of_a_signature_wins(
    paying: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = paying.env.chains["TRX"]
    sign = adapter.sign

    def frozen_then_signed(*arguments: object) -> object:
        set_frozen(paying.env, tenant.tenant_id, is_frozen=True)
        return sign(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(adapter, "sign", frozen_then_signed)
    record = put(paying)
    paying.settle()
    monkeypatch.undo()
    paying.sweep()
    assert stored(paying.env, record).status == "pending"
    set_frozen(paying.env, tenant.tenant_id, is_frozen=False)
    paying.settle()
    assert stored(paying.env, record).slot == 0
