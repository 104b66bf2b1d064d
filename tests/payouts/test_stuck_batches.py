"""Batches of payouts that are stuck: signed dearer, paid for by a child, or told of."""

from itertools import pairwise
from typing import Any

import pytest

from chalicelib.payouts import batching, hot_wallets, pushing
from chalicelib.payouts.records import MOST_BATCH_BYTES, BatchAttempt, stored_attempt
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.withdrawals.lifecycle import Status
from tests.chains.utxo.fake_chain import FakeChain
from tests.payouts.coin_rig import WHOLE, CoinRig, Make, raw_of, with_a_child
from tests.withdrawals.accepted import stored


def test_two_who_sign_a_batch_anew_at_once_leave_one_signature(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make("BTC")
    rig.stock(5 * WHOLE)
    record = rig.accept()
    slow, quick = (hot_wallets.wallet(rig.world.env, "BTC") for _ in range(2))
    mine, other = (stored(rig.world.env, record) for _ in range(2))
    sign = batching.signed_for

    def overtaken(*arguments: Any) -> BatchAttempt:
        monkeypatch.setattr(batching, "signed_for", sign)
        assert pushing._replace(quick, other, quick.batch(other))
        return sign(*arguments)

    monkeypatch.setattr(batching, "signed_for", overtaken)
    with pytest.raises(ConflictError):
        pushing._replace(slow, mine, slow.batch(mine))
    (batch,) = rig.batches()
    assert [one.txid for one in slow.batch(other).attempts] == [one.txid for one in batch.attempts]
    assert [one.txid for one in stored(rig.world.env, record).attempts] == [one.txid for one in batch.attempts]


@pytest.mark.parametrize("blockchain", ["BTC", "LTC"])
def test_what_every_mempool_has_dropped_is_signed_dearer_once_the_rate_has_risen(
    make: Make, blockchain: str
) -> None:
    rig = make(blockchain)
    rig.stock(5 * WHOLE)
    record = rig.accept()
    rig.ask_for(60_000)
    rig.refused = set(rig.waiting())
    rig.node.pool.clear()
    rig.get_stuck()
    first, second = rig.batches()[0].attempts
    assert second.fee_units >= 3 * first.fee_units
    assert rig.waiting() == [second.txid]
    spends = rig.world.env.chains[blockchain].spends
    assert spends(first.raw) == spends(second.raw), "one of them at most can ever be mined"
    rig.mine(1, second.raw)
    rig.mine(13)
    assert rig.status(record) == "completed"


@pytest.mark.parametrize("blockchain", ["BTC", "LTC"])
def test_what_no_node_takes_at_the_going_rate_is_told_of_and_left(
    make: Make, blockchain: str, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make(blockchain)
    rig.stock(5 * WHOLE)
    rig.accept()
    with rig.deaf():
        rig.get_stuck()
    assert len(rig.batches()[0].attempts) == 1
    assert f"no node takes {rig.batches()[0].attempts[0].txid}" in caplog.text


def test_where_nothing_is_replaced_nothing_is_signed_anew_while_another_provider_has_it(
    ltc: CoinRig, caplog: pytest.LogCaptureFixture
) -> None:
    ltc.stock(5 * WHOLE)
    ltc.accept()
    ltc.ask_for(60_000)
    second = FakeChain()
    second.active, second.pool = ltc.node.active, list(ltc.node.pool)
    ltc.node.second_opinions = [second]
    with ltc.deaf():
        ltc.get_stuck()
    assert len(ltc.batches()[0].attempts) == 1
    assert "only other nodes have" in caplog.text


def test_a_child_pays_for_the_attempt_that_waits_and_not_for_a_newer_one(ltc: CoinRig) -> None:
    ltc.stock(5 * WHOLE)
    record = ltc.accept()
    ltc.ask_for(60_000)
    with ltc.deaf():
        ltc.get_stuck()
    first, second = ltc.batches()[0].attempts
    ltc.node.pool[:] = [first.raw]  # another node had it after all, and the newer one is refused beside it
    ltc.get_stuck()
    (child,) = ltc.batches()[0].children
    assert ltc.waiting() == [first.txid, child.txid]
    ltc.node.pool[:] = [second.raw]
    ltc.get_stuck()
    _, other = ltc.batches()[0].children
    assert ltc.waiting() == [second.txid, other.txid]
    ltc.mine(1, second.raw, other.raw)
    ltc.mine(13)
    assert ltc.status(record) == "completed"
    assert stored(ltc.world.env, record).gas[1] == second.fee_units + other.fee_units


def test_each_child_raises_the_rate_of_all_that_it_pays_for(ltc: CoinRig) -> None:
    with_a_child(ltc)
    ltc.get_stuck()
    (batch,) = ltc.batches()
    row, rates = [*batch.attempts, *batch.children], []
    size = ltc.world.env.chains["LTC"].size  # type: ignore[attr-defined]
    for place in range(1, len(row) + 1):
        paid, vbytes = sum(one.fee_units for one in row[:place]), sum(size(one.raw) for one in row[:place])
        rates.append(paid / vbytes)
    assert len(row) == 3
    assert all(after >= before * 1.12 for before, after in pairwise(rates)), rates


def test_a_batch_whose_coin_was_never_made_is_told_of_by_name(
    ltc: CoinRig, caplog: pytest.LogCaptureFixture
) -> None:
    (coin,) = ltc.stock(5 * WHOLE)
    record = ltc.accept()
    raw = raw_of(ltc)
    ltc.node.drop(16)
    ltc.node.dead.clear()
    for _ in range(20):
        ltc.node.mine()
    with ltc.deaf():
        ltc.ask_for(60_000)
        ltc.get_stuck()
    (batch,) = ltc.batches()
    assert ltc.status(record) == "submitted"
    assert [attempt.raw for attempt in batch.attempts] == [raw], "no fee would help it"
    told = f"batch 0 with 1 withdrawals cannot be mined: {batch.attempts[0].txid} spends what {coin.split(':')[0]}"
    assert told in caplog.text


def test_a_withdrawal_as_it_was_is_no_reason_to_sign_its_batch_anew(make: Make) -> None:
    rig = make("BTC")
    rig.stock(5 * WHOLE)
    record = rig.accept()
    stale = stored(rig.world.env, record)
    wallet = hot_wallets.wallet(rig.world.env, "BTC")
    rig.mine(1, raw_of(rig))
    assert stored(rig.world.env, record).version > stale.version
    with pytest.raises(ConflictError):
        pushing._replace(wallet, stale, wallet.batch(stale))
    rig.mine(5)
    ended = stored(rig.world.env, record)
    assert ended.status == Status.COMPLETED
    with pytest.raises(ConflictError):
        pushing._replace(wallet, ended, wallet.batch(ended))
    assert len(rig.batches()[0].attempts) == 1


def test_a_batch_holds_no_more_attempts_than_an_item_does(ltc: CoinRig, caplog: pytest.LogCaptureFixture) -> None:
    ltc.stock(5 * WHOLE)
    ltc.accept()
    (batch,) = ltc.batches()
    wallet = hot_wallets.wallet(ltc.world.env, "LTC")
    largest = BatchAttempt("ab" * 32, bytes(16_600), 10**9, 10**9, 10**12)
    while batch.has_room_for(largest):
        batch.signed = [*batch.signed, stored_attempt(largest)]
    assert len(batch.signed) > 10
    size = sum(len(str(value)) for value in (batch.signed, batch.coins, batch.payouts))
    assert size < MOST_BATCH_BYTES < 400_000
    assert pushing._is_full(wallet, batch, largest)
    assert "no room" in caplog.text
