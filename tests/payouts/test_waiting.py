"""Withdrawals that cannot be signed yet: they stay pending, and keep nobody else waiting."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout
from chalicelib.ledger.service import fund
from chalicelib.payouts import turns
from chalicelib.payouts.turns import turn
from chalicelib.payouts.workers import handle_payouts
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put as store_put
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals.fees import FeeTableCache, FeeTableRecord
from chalicelib.withdrawals.guarding import set_frozen
from tests.payouts.steps_of_payouts import FUNDED, GAS, SENT, put
from tests.support.world import World, sqs_event
from tests.withdrawals.accepted import accept, stored


class Pricing:
    """A node that asks a multiple for payments to one address, as for some contract; or is away for that one."""

    def __init__(self, adapter: Any, address: str, times: int | None) -> None:
        self._adapter, self._address, self._times = adapter, address, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def estimate(self, payout: Payout) -> Fee:
        fee = self._adapter.estimate(payout)
        if payout.to != self._address:
            return fee
        if self._times is None:
            raise ChainUnavailableError("the node is in two minds about it")
        return Fee(fee.token, fee.units * self._times)


@pytest.mark.parametrize(("times", "status"), [(3, "submitted"), (4, "pending"), (None, "pending")])
def test_what_one_receiver_costs_beyond_proportion_waits_and_holds_nobody_up(
    paying: World, caplog: pytest.LogCaptureFixture, times: int | None, status: str
) -> None:
    odd, usual = put(paying), put(paying)
    chains = {**paying.env.chains, "TRX": Pricing(paying.env.chains["TRX"], odd.address, times)}
    paying.env = replace(paying.env, chains=chains)
    paying.settle()
    assert stored(paying.env, odd).status == status
    assert stored(paying.env, usual).status == "submitted"
    assert ("times what a usual payout does" in caplog.text) is (times == 4)


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
    monkeypatch.setattr(turns, "SIGNED_IN_ONE_TURN", 2)
    records = [accept(paying.env, paying.tenant.tenant_id, 1_000_000) for _ in range(5)]
    paying.aws.messages(paying.env.settings.payouts_queue_url)
    turn(paying.env, "TRX")
    assert [stored(paying.env, one).status for one in records] == ["submitted"] * 2 + ["pending"] * 3
    paying.settle()
    assert {stored(paying.env, one).status for one in records} == {"submitted"}


def test_the_waiting_ones_that_cannot_be_paid_do_not_keep_the_others_from_their_turn(
    paying: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SIGNED_IN_ONE_TURN", 2)
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


def table(world: World, units: int) -> None:
    """Let payouts cost so much from now on."""
    pk, sk = keys.fee_table()
    world.env.store.commit(
        store_put(FeeTableRecord(pk=pk, sk=sk, fees={"USDTTRC20": (units, int(world.clock.now()))}))
    )
    world.env.keep(FeeTableCache).forget()
