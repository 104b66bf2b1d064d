"""Payouts that get stuck, lost, moved or double-spent: paid once, or never and given back."""

from itertools import pairwise

import pytest

from chalicelib.payouts import rules
from chalicelib.tenants.service import NewTenant
from sandbox.due_work import DueWork
from tests.journeys.books import books
from tests.payouts.steps_of_payouts import FUNDED, GAS, SENT, arrived, available, put
from tests.support.world import World
from tests.withdrawals.accepted import stored


def test_a_stuck_payout_is_bumped_in_its_slot_and_paid_once(paying: World, tenant: NewTenant) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    paying.mine(count=3)
    paying.sweep(rules.STUCK_SECONDS - 60)
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
    paying.clock.advance(rules.STUCK_SECONDS)
    paying.node.set_outage("TRX", 0)
    found = stored(paying.env, record)
    from chalicelib.payouts import following, hot_wallets  # noqa: PLC0415 -- half a turn

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
        paying.sweep(rules.STUCK_SECONDS)
    fees = [attempt.fee_units for attempt in stored(paying.env, record).attempts]
    assert all(after * 8 >= before * 9 for before, after in pairwise(fees))
    assert fees[-1] <= GAS * rules.MOST_TIMES_ESTIMATE
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


def test_the_sandboxs_clock_stops_where_a_payout_becomes_stuck(paying: World) -> None:
    paying.node.set_payouts("TRX", "stuck")
    record = put(paying)
    paying.settle()
    now = paying.clock.now()
    due = stored(paying.env, record).attempts[0].signed_at / 1000 + rules.STUCK_SECONDS
    assert DueWork(paying.env).next_after(now, now + 3600) == due
    assert DueWork(paying.env).next_after(due, due + 60) is None
    paying.node.set_payouts("TRX", "ok")
    paying.mine()
    assert DueWork(paying.env).next_after(now, now + 3600) is None
