"""Batches of payouts in coins: what they did not spend stays ours."""

import pytest

from chalicelib.chains.utxo.spenders import MOST_BLOCKS_WALKED
from chalicelib.payouts import coins, hot_wallets, rules
from tests.chains.utxo.fake_chain import FakeChain, transaction
from tests.payouts.coin_rig import THIEF, WHOLE, CoinRig, raw_of, with_a_child

WATCHED = rules.LEAST_WATCHED_BLOCKS


def test_the_change_that_a_lost_child_should_have_spent_is_free_again(ltc: CoinRig) -> None:
    batch, change = with_a_child(ltc)
    ltc.node.pool[:] = []
    ltc.mine(1, batch.attempts[0].raw)
    ltc.mine(WATCHED + 5)
    assert ltc.batches() == []
    assert ltc.coins() == {change: batch.attempts[0].change_units}
    second = ltc.accept()
    assert ltc.status(second) == "submitted"


def test_a_child_that_may_still_be_mined_keeps_its_coin_until_it_is_deep(ltc: CoinRig) -> None:
    batch, change = with_a_child(ltc)
    (child,) = batch.children
    ltc.node.pool[:] = [child.raw]
    ltc.mine(1, batch.attempts[0].raw)
    ltc.mine(WATCHED + 5)
    assert [each.sk for each in ltc.batches()] == [batch.sk], "its child waits"
    waiting = ltc.accept()
    assert ltc.status(waiting) == "pending", "the only coin is the child's"
    ltc.mine(1, child.raw)
    ltc.mine(3)
    assert ltc.status(waiting) == "submitted", "what the child brought back is deep enough to be spent"
    assert batch.sk in [each.sk for each in ltc.batches()], "the child is not deep enough to be forgotten"
    ltc.mine(10)
    ltc.accept()
    assert batch.sk not in [each.sk for each in ltc.batches()]
    assert change not in ltc.coins()


def test_a_child_that_another_provider_has_keeps_its_coin(ltc: CoinRig) -> None:
    batch, _ = with_a_child(ltc)
    ltc.node.pool[:] = []
    ltc.mine(1, batch.attempts[0].raw)
    ltc.mine(WATCHED - 3)
    second = FakeChain()
    second.active, second.pool = ltc.node.active, [batch.children[0].raw]
    ltc.node.second_opinions = [second]
    ltc.mine(5)
    assert [each.sk for each in ltc.batches()] == [batch.sk]


def test_a_batch_that_became_impossible_gives_its_other_coins_back(ltc: CoinRig) -> None:
    outpoints = ltc.stock(2 * WHOLE, 2 * WHOLE)
    record = ltc.accept(3 * WHOLE)
    assert {coin for coin, _, _ in ltc.batches()[0].coins} == set(outpoints)
    ltc.node.pool.clear()
    with ltc.deaf():
        ltc.mine(1, transaction([outpoints[0]], [(2 * WHOLE - 500, THIEF)]))
        ltc.mine(WATCHED + 5)
    assert ltc.status(record) == "failed"
    assert ltc.batches() == []
    assert outpoints[1] in ltc.coins()
    second = ltc.accept()
    assert ltc.status(second) == "submitted"
    assert [coin for coin, _, _ in ltc.batches()[0].coins] == [outpoints[1]]


def test_a_batch_whose_worker_died_before_it_was_forgotten_is_forgotten_with_the_next_one(
    ltc: CoinRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ltc.stock(5 * WHOLE)
    ltc.accept()
    monkeypatch.setattr(coins, "forget_when_over", lambda *_: None)
    ltc.mine(1, raw_of(ltc))
    ltc.mine(WATCHED + 5)
    (left,) = ltc.batches()
    ltc.accept()
    assert left.sk not in [each.sk for each in ltc.batches()]


def test_a_node_that_is_behind_lets_no_batch_be_forgotten(ltc: CoinRig, monkeypatch: pytest.MonkeyPatch) -> None:
    (coin,) = ltc.stock(5 * WHOLE)
    ltc.accept()
    behind = len(ltc.node.active)
    monkeypatch.setattr(coins, "forget_when_over", lambda *_: None)
    ltc.mine(1, raw_of(ltc))
    ltc.mine(WATCHED + 5)
    del ltc.node.active[behind:]
    assert coins.free(hot_wallets.wallet(ltc.world.env, "LTC")) == []
    assert [taken for taken, _, _ in ltc.batches()[0].coins] == [coin]


def test_the_depth_that_ends_a_watch_can_be_told(ltc: CoinRig) -> None:
    for blockchain in ("BTC", "LTC"):
        deep = ltc.world.env.catalogue.most_confirmations(blockchain)
        watched = rules.Watched(
            is_completed=False, corrections=0, height=None, block_hash=None, is_ok=None, confirmations=deep
        )
        assert watched.watched_blocks + 4 <= MOST_BLOCKS_WALKED
