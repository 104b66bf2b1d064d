"""Payouts after their end: a reorganisation deeper than what was taken for final loses none, and no coin."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.chains.adapter import Head, TxStatus
from chalicelib.payouts import turns
from chalicelib.payouts.rules import STUCK_SECONDS, Watch, Watched, watched_step
from chalicelib.storage import keys
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord, read_attempt
from tests.journeys.books import books
from tests.payouts.steps_of_payouts import FUNDED, HELD, SENT, arrived, available, put
from tests.support.world import World
from tests.withdrawals.accepted import stored

DEPTH = 19


def watched(world: World) -> list[OpenPayout]:
    return list(world.env.store.query_all(OpenPayout, keys.open_payouts("TRX")))


def ended(world: World, outcome: str = "ok") -> WithdrawalRecord:
    world.node.set_payouts("TRX", outcome)
    record = put(world)
    world.settle()
    world.mine(count=DEPTH)
    world.node.set_payouts("TRX", "ok")
    return stored(world.env, record)


def shown(world: World, record: WithdrawalRecord) -> tuple[str, int]:
    answer = world.client.get(f"/withdrawal/{record.sk}/").json
    return answer["status"], answer["confirmations"]


def test_a_completed_payout_that_is_dropped_is_sent_again_before_later_ones(
    paying: World, tenant: NewTenant
) -> None:
    first = ended(paying)
    told = len(paying.events(tenant.tenant_id))
    paying.node.reorg("TRX", DEPTH, [first.attempts[0].txid])
    paying.tick()
    assert paying.node.status("TRX", first.attempts[0].txid).state == "mempool"
    assert shown(paying, first) == ("completed", 0)
    assert len(paying.events(tenant.tenant_id)) == told
    second = put(paying)
    paying.settle()
    paying.mine(count=DEPTH)
    assert shown(paying, first) == ("completed", DEPTH)
    now = stored(paying.env, first)
    assert (now.signed, now.completed_at, now.status) == (first.signed, first.completed_at, "completed")
    assert stored(paying.env, second).status == "completed"
    assert [arrived(paying, one) for one in (first, second)] == [[SENT]] * 2
    assert available(paying) == (FUNDED - 2 * HELD, 0)
    books(paying, tenant)


def test_a_failed_payout_that_is_mined_after_all_is_booked_once(
    paying: World, tenant: NewTenant, caplog: pytest.LogCaptureFixture
) -> None:
    record = ended(paying, "revert")
    assert record.status == "failed"
    paying.node.reorg("TRX", DEPTH, [record.attempts[0].txid])
    paying.node.broadcast("TRX", record.attempts[0].raw)  # some other node had them still
    paying.mine(count=DEPTH - 1)
    assert available(paying) == (FUNDED, 0)
    paying.mine()
    assert available(paying) == (FUNDED - SENT, 0)
    assert stored(paying.env, record).status == "failed"
    assert "was paid after all" in caplog.text
    paying.mine(count=5)
    paying.sweep()
    assert books(paying, tenant)["custody"] == FUNDED - SENT
    rows = paying.client.get("/user/balances/history/").json["history"]
    assert [(row["type"], row["amount"]) for row in rows if row["type"] == "adjustment"] == [
        ("adjustment", "-50.00000000")
    ]


def test_a_completed_payout_that_is_reverted_after_all_is_credited_back_once(
    paying: World, tenant: NewTenant, caplog: pytest.LogCaptureFixture
) -> None:
    record = ended(paying)
    paying.node.set_payouts("TRX", "revert")
    paying.node.reorg("TRX", DEPTH, [record.attempts[0].txid])
    paying.tick()
    paying.mine(count=DEPTH + 3)
    assert available(paying) == (FUNDED - HELD + SENT, 0)
    assert stored(paying.env, record).status == "completed"
    assert "was reverted after all" in caplog.text
    books(paying, tenant)


def test_the_slot_of_a_failed_payout_that_is_dropped_is_filled_with_nothing(paying: World) -> None:
    record = ended(paying, "revert")
    txid = record.attempts[0].txid
    paying.node.set_payouts("TRX", "ok")
    paying.node.reorg("TRX", DEPTH, [txid])
    later = put(paying)
    paying.tick()
    (entry,) = [one for one in watched(paying) if one.sk == record.sk]
    assert entry.filler is not None
    filler = read_attempt(entry.filler)
    assert filler.fee_units > record.attempts[-1].fee_units
    paying.work(times=2)
    paying.mine(count=DEPTH)
    assert paying.node.status("TRX", filler.txid).state == "mined"
    assert paying.node.status("TRX", txid).state in ("missing", "impossible")
    assert arrived(paying, record) == []
    assert stored(paying.env, later).status == "completed"
    assert available(paying) == (FUNDED - HELD, 0)
    took = stored(paying.env, record).gas[1]
    paying.mine(count=60)
    assert stored(paying.env, record).gas[1] == took + filler.fee_units
    assert record.sk not in [one.sk for one in watched(paying)]


def test_a_filler_is_signed_once_and_sent_until_a_node_has_it(paying: World) -> None:
    record = ended(paying, "revert")
    paying.node.reorg("TRX", DEPTH, [record.attempts[0].txid])
    paying.tick()
    paying.node.set_payouts("TRX", "stuck")
    (entry,) = watched(paying)
    paying.sweep()
    paying.mine()
    paying.node.reorg("TRX", 1, [read_attempt(entry.filler).txid])
    paying.sweep()
    paying.mine(count=2)
    (again,) = watched(paying)
    assert again.filler == entry.filler


def test_a_filler_outbids_what_came_back_and_rises_until_it_is_mined(paying: World) -> None:
    record = ended(paying, "revert")
    paying.node.set_payouts("TRX", "ok")
    paying.node.reorg("TRX", DEPTH, [record.attempts[0].txid])
    paying.node.broadcast("TRX", record.attempts[0].raw)
    paying.tick()
    (entry,) = watched(paying)
    assert paying.node.status("TRX", read_attempt(entry.filler).txid).state == "mempool"
    paying.sweep(STUCK_SECONDS)
    (again,) = watched(paying)
    assert read_attempt(again.filler).fee_units >= read_attempt(entry.filler).fee_units * 9 // 8
    paying.mine(count=DEPTH)
    assert arrived(paying, record) == []
    assert available(paying) == (FUNDED, 0)


def test_a_node_that_is_behind_unsettles_nothing(paying: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    record = ended(paying)
    before = watched(paying)[0].attribute_values
    behind = Behind(paying.env.chains["TRX"], DEPTH + 2)
    turns.turn(replace(paying.env, chains={**paying.env.chains, "TRX": behind}), "TRX")
    assert watched(paying)[0].attribute_values == before
    assert stored(paying.env, record).height is not None
    assert "lies in another block" not in caplog.text


class Behind:
    """A node that lacks the newest blocks, and all that is in them."""

    def __init__(self, adapter: Any, blocks: int) -> None:
        self._adapter, self._blocks = adapter, blocks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def head(self) -> Head:
        height = self._adapter.head().height - self._blocks
        return Head(height, self._adapter.block_hash(height), 0)

    def block_hash(self, height: int) -> str | None:
        return self._adapter.block_hash(height) if height <= self.head().height else None

    def status(self, *_: Any) -> TxStatus:
        return TxStatus("missing")


def test_the_watch_ends_far_deeper_than_the_confirmations(paying: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    ended(paying)
    paying.mine(count=3 * DEPTH - DEPTH)
    (entry,) = watched(paying)
    assert entry.ended == "completed"
    paying.mine(count=60 - 3 * DEPTH)
    assert watched(paying) == []
    assert caplog.text == ""


KNOWN = Watched(is_completed=True, corrections=0, height=10, block_hash="a", is_ok=True, confirmations=19)
LOST = Watched(is_completed=True, corrections=0, height=None, block_hash=None, is_ok=None, confirmations=19)
FAILED = Watched(is_completed=False, corrections=0, height=None, block_hash=None, is_ok=None, confirmations=19)
CORRECTED = Watched(is_completed=True, corrections=1, height=None, block_hash=None, is_ok=None, confirmations=19)
REVERTED = Watched(is_completed=True, corrections=0, height=10, block_hash="a", is_ok=False, confirmations=19)
MINED, AWAY = TxStatus("mined", 10, "a", ok=True), TxStatus("missing")
BACK, OVER = TxStatus("mined", 10, "a", ok=False), TxStatus("impossible", 10)


@pytest.mark.parametrize(
    ("known", "seen", "head", "wanted"),
    [
        (KNOWN, [MINED], 68, Watch.REST),
        (KNOWN, [MINED], 69, Watch.LEAVE),
        (KNOWN, [TxStatus("mined", 10, "b", ok=True)], 69, Watch.NOTE),
        (KNOWN, [AWAY], 69, Watch.NOTE),
        (KNOWN, [BACK], 69, Watch.NOTE),
        (REVERTED, [BACK], 27, Watch.REST),
        (REVERTED, [BACK], 28, Watch.CORRECT),
        (LOST, [AWAY], 99, Watch.SEND),
        (LOST, [TxStatus("mempool"), AWAY], 99, Watch.SEND),
        (LOST, [AWAY, TxStatus("mempool")], 99, Watch.REST),
        (LOST, [OVER], 99, Watch.ALARM),
        (CORRECTED, [AWAY], 99, Watch.FILL),
        (FAILED, [AWAY], 99, Watch.FILL),
        (replace(FAILED, corrections=1), [AWAY], 99, Watch.SEND),
        (FAILED, [TxStatus("mempool")], 99, Watch.FILL),
        (FAILED, [OVER], 68, Watch.REST),
        (FAILED, [OVER], 69, Watch.LEAVE),
        (FAILED, [MINED], 69, Watch.NOTE),
    ],
)
def test_what_is_done_for_a_watched_payout(known: Watched, seen: list[TxStatus], head: int, wanted: Watch) -> None:
    assert watched_step(known, seen, head) is wanted
