"""What waits in the pool, as far as the node's pending block shows it."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Transfer
from tests.chains.evm.fake_node import (
    STRANGER,
    USDC,
    USDT,
    FakeNode,
    Tx,
    adapter_of,
    address,
    coin,
    everyone,
    only,
    refusing,
    token,
)

OURS, THEIRS = address(1), address(2)


@pytest.fixture
def node():
    node = FakeNode()
    node.mine(coin(OURS, 1))
    return node


def test_coin_and_plain_token_transfers_are_told_with_their_slots(node):
    first, second = coin(OURS, 5, nonce=3), token(USDT, OURS, 6, nonce=4)
    node.pool = [first, second, coin(THEIRS, 7), token(USDC, THEIRS, 8)]
    assert adapter_of(node).mempool(only(OURS)) == [
        Transfer(first.hash, 0, None, None, "ETH", OURS, 5, ok=True, spends=f"{STRANGER}:3"),
        Transfer(second.hash, 1, None, None, "USDT", OURS, 6, ok=True, spends=f"{STRANGER}:4"),
    ]


def test_it_has_the_index_that_its_block_will_tell(node):
    node.pool = [coin(OURS, 5), token(USDT, OURS, 6)]
    adapter = adapter_of(node)
    waiting = adapter.mempool(everyone)
    node.mine(*node.pool)
    mined = adapter.scan(2, 2, everyone)
    assert [(each.txid, each.index) for each in waiting] == [(each.txid, each.index) for each in mined]


def test_what_moves_nothing_or_is_no_plain_transfer_is_left_out(node):
    other_call = Tx(USDT, data="0x23b872dd" + "00" * 96)
    contract = Tx(None, 9)
    unknown_token = token(address(77), OURS, 5)
    node.pool = [coin(OURS, 0), token(USDT, OURS, 0), other_call, contract, unknown_token]
    assert adapter_of(node).mempool(everyone) == []


def test_a_node_that_shows_its_newest_block_once_more_has_no_pool(node):
    honest = node._eth_getBlockByNumber
    node.overrides["eth_getBlockByNumber"] = lambda tag, full: honest("latest", full)
    assert adapter_of(node).mempool(everyone) == []


@pytest.mark.parametrize("answer", [lambda: None, refusing()])
def test_a_node_without_a_pending_block_tells_of_nothing(node, answer):
    honest = node._eth_getBlockByNumber
    node.overrides["eth_getBlockByNumber"] = lambda tag, full: answer() if tag == "pending" else honest(tag, full)
    assert adapter_of(node).mempool(everyone) == []


@pytest.mark.parametrize(
    "change",
    [
        {"transactions": None},
        {"transactions": [7]},
        {"transactions": ["0x" + "ab" * 32]},
        {"transactions": [{"to": OURS}]},
        {"transactions": [{"to": "0x12", "value": "0x1"}]},
        {"parentHash": None},
    ],
)
def test_a_pending_block_of_the_wrong_shape_is_an_error(node, change):
    honest = node._eth_getBlockByNumber
    node.overrides["eth_getBlockByNumber"] = lambda tag, full: {
        **honest(tag, full),
        **(change if tag == "pending" else {}),
    }
    with pytest.raises(ChainUnavailableError):
        adapter_of(node).mempool(everyone)


def test_a_node_without_a_newest_block_is_of_no_use(node):
    node.overrides["eth_getBlockByNumber"] = refusing()
    with pytest.raises(ChainUnavailableError):
        adapter_of(node).mempool(everyone)
