"""Where a transaction stands, above all when it can never be mined any more."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, TxStatus
from tests.chains.evm.fake_node import (
    GWEI,
    OTHER_LOG,
    USDT,
    FakeNode,
    Tx,
    adapter_of,
    address,
    coin,
    hash_of,
    token,
    transfer_log,
)

OURS, SENDER, OTHER = address(1), address(2), address(3)
FEE_UNITS = 21_000 * 3 * GWEI


@pytest.fixture
def node():
    return FakeNode()


def status(node, tx, spends=None):
    return adapter_of(node).status(tx.hash, spends)


def slot(nonce):
    return f"{SENDER}:{nonce}"


def test_a_mined_one_tells_its_block_and_what_it_cost(node):
    block = node.mine(coin(OURS, 5))
    wanted = TxStatus("mined", 1, block.hash, ok=True, fee_units=FEE_UNITS)
    assert status(node, block.txs[0]) == status(node, block.txs[0], slot(0)) == wanted


def test_a_reverted_one_cost_its_fee_too(node):
    (tx,) = node.mine(coin(OURS, 5, ok=False)).txs
    found = status(node, tx)
    assert (found.state, found.ok, found.fee_units) == ("mined", False, FEE_UNITS)


def test_what_a_rollup_takes_for_its_bytes_is_part_of_the_fee(node):
    (tx,) = node.mine(coin(OURS, 5, receipt={"l1Fee": "0x7"})).txs
    assert status(node, tx).fee_units == FEE_UNITS + 7


@pytest.mark.parametrize(
    ("logs", "ok"),
    [
        ([transfer_log(USDT, OURS, 5)], True),
        ([OTHER_LOG, transfer_log(USDT, OURS, 4)], True),  # a token that keeps a part for itself
        ([], False),  # it returned false and did not revert
        ([OTHER_LOG], False),
        ([transfer_log(USDT, OTHER, 5)], False),
        ([transfer_log(address(9), OURS, 5)], False),
        ([transfer_log(USDT, OURS, 0)], False),
    ],
)
def test_a_token_transfer_is_ok_only_if_it_moved_something(node, logs, ok):
    tx = token(USDT, OURS, 5)
    tx.logs = logs
    node.mine(tx)
    assert status(node, tx).ok is ok


def test_other_calls_of_a_token_need_no_transfer(node):
    (tx,) = node.mine(Tx(USDT, data="0x095ea7b3" + "00" * 64)).txs
    assert status(node, tx).ok is True


def test_nor_does_a_contract_that_is_no_token_of_ours(node):
    tx = token(address(9), OURS, 5)
    tx.logs = []
    node.mine(tx)
    assert status(node, tx).ok is True


def test_one_in_the_pool_waits(node):
    node.pool = [coin(OURS, 5, sender=SENDER)]
    assert status(node, node.pool[0]) == status(node, node.pool[0], slot(0)) == TxStatus("mempool")


def test_what_nobody_has_is_missing(node):
    assert status(node, coin(OURS, 5)) == status(node, coin(OURS, 5), slot(0)) == TxStatus("missing")


@pytest.mark.parametrize("nonce", [0, 1, 2])
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 9, 30])
def test_whose_nonce_another_used_is_impossible_since_that_block(node, nonce, depth):
    for _ in range(5):
        node.mine()
    winners = [node.mine(coin(OTHER, 1, sender=SENDER)) for _ in range(3)]
    for _ in range(depth):
        node.mine()
    found = status(node, coin(OURS, 5), slot(nonce))
    assert found == TxStatus("impossible", height=winners[nonce].number)


def test_a_nonce_that_nobody_used_yet_leaves_it_possible(node):
    node.mine(coin(OTHER, 1, sender=SENDER))
    assert status(node, coin(OURS, 5), slot(1)).state == "missing"


def test_used_in_the_very_first_block(node):
    node.blocks[0].txs.append(coin(OTHER, 1, sender=SENDER))
    node.mine()
    assert status(node, coin(OURS, 5), slot(0)) == TxStatus("impossible", height=0)


def test_a_pool_that_still_shows_it_does_not_outweigh_its_used_nonce(node):
    node.mine(coin(OTHER, 1, sender=SENDER))
    node.pool = [coin(OURS, 5, sender=SENDER, nonce=0)]
    assert status(node, node.pool[0], slot(0)).state == "impossible"
    assert status(node, node.pool[0]).state == "impossible"  # its slot is known from the pool


@pytest.mark.parametrize("kept", [1, 2, 5, 13])
def test_as_deep_as_the_node_keeps_its_state(node, kept):
    node.mine(coin(OTHER, 1, sender=SENDER))
    for _ in range(40):
        node.mine()
    node.state_blocks = kept
    assert status(node, coin(OURS, 5), slot(0)).height == 41 - kept + 1


def test_it_is_asked_in_few_questions_and_never_too_far_back(node):
    node.mine(coin(OTHER, 1, sender=SENDER))
    for _ in range(3000):
        node.mine()
    assert status(node, coin(OURS, 5), slot(0)).height == 3001 - 1024
    assert len(node.asked_of("eth_getTransactionCount")) < 20


def test_mined_just_now_is_mined_and_not_impossible(node):
    tx = coin(OURS, 5, sender=SENDER)
    node.pool = [tx]
    honest = node._eth_getTransactionCount

    def answer(account, tag):
        if tag == "latest" and len(node.blocks) == 1:
            node.mine(tx)
        return honest(account, tag)

    node.overrides["eth_getTransactionCount"] = answer
    assert status(node, tx, slot(0)).state == "mined"


def test_a_mined_one_whose_receipt_is_not_there_yet_is_not_impossible(node):
    (tx,) = node.mine(coin(OURS, 5, sender=SENDER)).txs
    node.overrides["eth_getTransactionReceipt"] = lambda txid: None
    with pytest.raises(ChainUnavailableError):
        status(node, tx, slot(0))


def test_a_node_that_contradicts_itself_about_a_nonce_is_not_believed(node):
    node.mine(coin(OTHER, 1, sender=SENDER))
    node.overrides["eth_getTransactionCount"] = lambda account, tag: "0x1" if tag == "latest" else "0x0"
    with pytest.raises(ChainUnavailableError):
        status(node, coin(OURS, 5), slot(0))


def test_a_provider_that_has_it_in_a_block_outweighs_one_that_calls_it_impossible(node):
    tx = coin(OURS, 5, sender=SENDER)
    node.mine(coin(OTHER, 1, sender=SENDER))
    other = FakeNode()
    node.further = [FakeNode(), other]
    assert status(node, tx, slot(0)).state == "impossible"
    other.mine(tx)
    with pytest.raises(ChainUnavailableError, match="who is right"):
        status(node, tx, slot(0))


@pytest.mark.parametrize(
    "change",
    [
        {"transactionHash": hash_of("another")},
        {"blockHash": 7},
        {"blockNumber": "1"},
        {"gasUsed": None},
        {"effectiveGasPrice": "0x"},
        {"effectiveGasPrice": 30},
        {"status": True},
        {"logs": {}},
        {"l1Fee": "dear"},
    ],
)
def test_a_receipt_of_the_wrong_shape_is_an_error(node, change):
    (tx,) = node.mine(coin(OURS, 5, receipt=change)).txs
    with pytest.raises(ChainUnavailableError):
        status(node, tx)


def test_a_receipt_without_its_transaction_is_not_believed(node):
    (tx,) = node.mine(coin(OURS, 5)).txs
    node.overrides["eth_getTransactionByHash"] = lambda txid: None
    with pytest.raises(ChainUnavailableError):
        status(node, tx)


def test_a_receipt_of_no_block_is_none(node):
    tx = coin(OURS, 5, sender=SENDER)
    node.pool = [tx]
    node.overrides["eth_getTransactionReceipt"] = lambda txid: {"transactionHash": txid, "blockHash": None}
    assert status(node, tx) == TxStatus("mempool")


@pytest.mark.parametrize("spends", [SENDER, f"{SENDER}:", f"{SENDER}:x", f"{SENDER}: 1", "0x12:1"])
def test_a_slot_that_is_none_is_the_callers_mistake(node, spends):
    with pytest.raises(ValueError, match="no slot"):
        status(node, coin(OURS, 5), spends)
