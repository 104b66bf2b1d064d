"""Scanning ranges of blocks: what is found, and that a chain which changes meanwhile is never misread."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Transfer
from chalicelib.chains.evm.abi import TRANSFER_TOPIC
from chalicelib.chains.evm.spans import Span
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError
from tests.chains.evm.fake_node import (
    OTHER_LOG,
    STRANGER,
    USDC,
    USDT,
    FakeNode,
    Tx,
    adapter_of,
    address,
    coin,
    everyone,
    hash_of,
    only,
    pad,
    token,
    transfer_log,
    unavailable,
    word,
)

OURS, THEIRS = address(1), address(2)


@pytest.fixture
def node():
    return FakeNode()


def scan(node, first, last, match=everyone, **how):
    return adapter_of(node, **how).scan(first, last, match)


def test_coin_and_tokens_are_told_in_the_chains_order(node):
    both = Tx(OURS, 5, [transfer_log(USDT, OURS, 6), transfer_log(USDC, THEIRS, 7)])
    first = node.mine(token(USDT, OURS, 1, nonce=11), coin(OURS, 2, nonce=12), both)
    second = node.mine(coin(THEIRS, 3, sender=OURS))
    assert scan(node, 1, 2) == [
        Transfer(first.txs[0].hash, 1, 1, first.hash, "USDT", OURS, 1, ok=True, spends=f"{STRANGER}:11"),
        Transfer(first.txs[1].hash, 0, 1, first.hash, "ETH", OURS, 2, ok=True, spends=f"{STRANGER}:12"),
        Transfer(both.hash, 0, 1, first.hash, "ETH", OURS, 5, ok=True, spends=f"{STRANGER}:0"),
        Transfer(both.hash, 1, 1, first.hash, "USDT", OURS, 6, ok=True, spends=f"{STRANGER}:0"),
        Transfer(both.hash, 2, 1, first.hash, "USDC", THEIRS, 7, ok=True, spends=f"{STRANGER}:0"),
        Transfer(second.txs[0].hash, 0, 2, second.hash, "ETH", THEIRS, 3, ok=True, spends=f"{OURS}:0"),
    ]


def test_all_receivers_are_matched_at_once_each_of_them_once_and_in_canonical_spelling(node):
    node.mine(token(USDT, OURS, 1), coin(THEIRS, 2))
    node.mine(token(USDC, OURS, 3), coin(OURS, 4))
    asked = []

    def match(addresses):
        asked.append(list(addresses))
        return {OURS}

    assert [each.units for each in scan(node, 0, 2, match)] == [1, 3, 4]
    assert [sorted(each) for each in asked] == [sorted([OURS, THEIRS])]


def test_nothing_moves_nothing_and_nobody_is_asked_about_it(node):
    node.mine(token(USDT, OURS, 0), coin(OURS, 0), Tx(None, 7), Tx(OURS, 0))
    assert scan(node, 0, 1, match=None) == []


def test_only_what_is_ours_is_looked_up_further(node):
    node.mine(*(coin(address(number), 1) for number in range(10, 60)), coin(OURS, 2))
    assert [each.units for each in scan(node, 1, 1, only(OURS))] == [2]
    assert len(node.asked_of("eth_getTransactionReceipt")) == 1


def test_a_failed_transaction_moves_nothing(node):
    node.mine(coin(OURS, 5, ok=False), coin(OURS, 6))
    assert [each.units for each in scan(node, 1, 1)] == [6]


def test_a_log_keeps_its_index_when_its_transaction_is_mined_elsewhere(node):
    tx = Tx(STRANGER, 0, [OTHER_LOG, transfer_log(USDT, OURS, 5)])
    node.mine(tx)
    (alone,) = scan(node, 1, 1)
    node.blocks[1].txs.insert(0, token(USDT, THEIRS, 1))
    (behind,) = scan(node, 1, 1, only(OURS))
    assert (alone.txid, alone.index) == (behind.txid, behind.index) == (tx.hash, 2)


def test_logs_that_the_node_took_back_count_for_nothing(node):
    node.mine(Tx(STRANGER, 0, [transfer_log(USDT, OURS, 5, removed=True), transfer_log(USDT, OURS, 6)]))
    assert [each.units for each in scan(node, 1, 1)] == [6]


def test_a_log_told_twice_is_one(node):
    node.mine(token(USDT, OURS, 5))
    honest = node._eth_getLogs
    node.overrides["eth_getLogs"] = lambda query: honest(query) * 2
    assert len(scan(node, 1, 1)) == 1


def test_without_tokens_no_logs_are_asked_for(node):
    node.mine(coin(OURS, 5))
    assert len(scan(node, 0, 1, tokens={})) == 1
    assert node.asked_of("eth_getLogs") == []


def test_an_amount_of_256_bits_arrives_exactly(node):
    node.mine(token(USDT, OURS, 2**256 - 1))
    assert scan(node, 1, 1)[0].units == 2**256 - 1


def test_one_provider_answers_all_of_a_scan(node):
    node.mine(coin(OURS, 5))
    pins = []
    honest = node._eth_getBlockByNumber
    node.overrides["eth_getBlockByNumber"] = lambda *params: pins.append(node.pins) or honest(*params)
    scan(node, 1, 1)
    assert pins == [1]


@pytest.mark.parametrize(("first", "last"), [(1, 3), (3, 3), (7, 9)])
def test_a_block_that_is_not_there_is_an_error(node, first, last):
    node.mine()
    node.mine()
    with pytest.raises(ChainUnavailableError):
        scan(node, first, last)


class TestTheChainChangesMeanwhile:
    """The blocks are listed, then comes a reorganisation, at each point where one can come."""

    def _when(self, node, method, change):
        honest = getattr(node, f"_{method}")

        def answer(*params):
            del node.overrides[method]
            change()
            return honest(*params)

        node.overrides[method] = answer

    @pytest.mark.parametrize("method", ["eth_getLogs", "eth_getTransactionReceipt"])
    def test_after_the_blocks_were_listed(self, node, method):
        node.mine(token(USDT, OURS, 5))
        self._when(node, method, lambda: node.reorganise(1))
        with pytest.raises(ChainUnavailableError):
            scan(node, 1, 1)

    def test_before_the_receipts_of_coin(self, node):
        node.mine(coin(OURS, 5))
        self._when(node, "eth_getTransactionReceipt", lambda: node.reorganise(1))
        with pytest.raises(ChainUnavailableError, match="another block"):
            scan(node, 1, 1, tokens={})

    def test_a_transaction_is_gone_when_its_receipt_is_asked_for(self, node):
        node.mine(coin(OURS, 5))
        self._when(node, "eth_getTransactionReceipt", node.blocks[1].txs.clear)
        with pytest.raises(ChainUnavailableError, match="receipt"):
            scan(node, 1, 1, tokens={})

    def test_while_the_blocks_are_listed(self, node):
        for _ in range(8):
            node.mine()
        honest = node._eth_getBlockByNumber

        def answer(tag, full):
            if tag == "0x5" and not node.blocks[5].salt:
                node.reorganise(6)
            return honest(tag, full)

        node.overrides["eth_getBlockByNumber"] = answer
        with pytest.raises(ChainUnavailableError, match="fit together"):
            scan(node, 1, 8)

    def test_and_all_is_well_when_it_is_read_again(self, node):
        node.mine(token(USDT, OURS, 5))
        self._when(node, "eth_getLogs", lambda: node.reorganise(1))
        adapter = adapter_of(node)
        with pytest.raises(ChainUnavailableError):
            adapter.scan(1, 1, everyone)
        assert [each.block_hash for each in adapter.scan(1, 1, everyone)] == [node.blocks[1].hash]


class TestAnIndexOfLogsThatLagsBehind:
    """A node may have blocks and not their logs yet: it answers with none, and calls that success."""

    def test_a_block_whose_bloom_filter_speaks_of_logs_is_asked_for_by_its_hash(self, node):
        block = node.mine(token(USDT, OURS, 5))
        node.mine()
        honest = node._eth_getLogs
        node.overrides["eth_getLogs"] = lambda query: honest(query) if "blockHash" in query else []
        assert [each.units for each in scan(node, 0, 2)] == [5]
        assert [query["blockHash"] for (query,) in node.asked_of("eth_getLogs")[1:]] == [block.hash]

    def test_a_node_that_does_not_know_the_block_there_is_of_no_use(self, node):
        node.mine(token(USDT, OURS, 5))
        honest = node._eth_getLogs
        unknown = {"blockHash": hash_of("another"), "address": [], "topics": []}
        node.overrides["eth_getLogs"] = lambda query: honest(unknown) if "blockHash" in query else []
        with pytest.raises(ChainUnavailableError):
            scan(node, 0, 1)

    def test_a_block_without_logs_of_ours_costs_no_further_question(self, node):
        node.mine(Tx(STRANGER, 0, [OTHER_LOG]), token(address(99), OURS, 5))
        node.mine(token(USDT, OURS, 0))
        assert scan(node, 0, 2) == []
        assert len(node.asked_of("eth_getLogs")) == 1


class TestWhatCannotBe:
    def _with_logs(self, node, change):
        node.mine(token(USDT, OURS, 5))
        honest = node._eth_getLogs
        node.overrides["eth_getLogs"] = lambda query: [{**log, **change} for log in honest(query)]
        with pytest.raises(ChainUnavailableError):
            scan(node, 1, 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"blockHash": hash_of("another")},
            {"blockNumber": "0x2"},
            {"blockNumber": None},
            {"address": address(9)},
            {"topics": []},
            {"topics": [TRANSFER_TOPIC, pad(STRANGER), pad(OURS), word(5)]},  # a collectible's
            {"topics": [hash_of("Approval"), pad(STRANGER), pad(OURS)]},
            {"topics": None},
            {"data": "0x"},
            {"data": word(6)},  # the receipt says five
            {"logIndex": "0x4"},
            {"transactionHash": hash_of("another")},
            {"transactionHash": "0x12"},
        ],
    )
    def test_a_log_that_fits_nothing_else_is_not_believed(self, node, change):
        self._with_logs(node, change)

    @pytest.mark.parametrize(
        "change",
        [
            {"status": "0x0"},
            {"status": "0x2"},
            {"status": None},
            {"logs": []},
            {"logs": None},
            {"logs": [7]},
            {"blockNumber": "0x7"},
            {"transactionHash": hash_of("another")},
        ],
    )
    def test_nor_a_receipt_that_contradicts_it(self, node, change):
        node.mine(token(USDT, OURS, 5, receipt=change))
        with pytest.raises(ChainUnavailableError):
            scan(node, 1, 1)

    @pytest.mark.parametrize(
        "change", [{"hash": hash_of("another")}, {"from": "0x12"}, {"nonce": None}, {"transactionIndex": "0x1"}]
    )
    def test_nor_a_block_that_lists_another_transaction_there(self, node, change):
        block = node.mine(coin(OURS, 5))
        spoilt = {**block.full(), "transactions": [{**block.transaction(0), **change}]}
        node.overrides["eth_getBlockByNumber"] = lambda tag, full: spoilt
        with pytest.raises(ChainUnavailableError):
            scan(node, 1, 1)

    def test_nor_a_log_whose_transaction_is_not_in_its_block(self, node):
        block = node.mine(token(USDT, OURS, 5))
        another = {**block.transaction(0), "hash": hash_of("another")}
        for listed in ([], [another]):
            node.overrides["eth_getBlockByNumber"] = lambda *_, listed=listed: {
                **block.full(),
                "transactions": listed,
            }
            with pytest.raises(ChainUnavailableError):
                scan(node, 1, 1)

    def test_nor_another_block_than_was_asked_for(self, node):
        node.mine()
        node.mine()
        node.overrides["eth_getBlockByNumber"] = lambda tag, full: node.blocks[2].full()
        with pytest.raises(ChainUnavailableError):
            scan(node, 1, 1)


class TestLimits:
    """Providers limit what they answer at once; each says so in its own words, which nobody reads."""

    def _grown(self, node, count):
        for number in range(count):
            node.mine(token(USDT, OURS, 1 + number))

    def test_ranges_halve_until_the_node_takes_them_and_nothing_is_lost(self, node):
        self._grown(node, 60)
        node.most_log_blocks = 7
        adapter = adapter_of(node)
        assert [each.units for each in adapter.scan(1, 60, everyone)] == list(range(1, 61))

    def test_what_was_learnt_is_remembered(self, node):
        self._grown(node, 60)
        node.most_log_blocks = 7
        adapter = adapter_of(node)
        adapter.scan(1, 60, everyone)
        first = len(node.asked_of("eth_getLogs"))
        adapter.scan(1, 60, everyone)
        assert len(node.asked_of("eth_getLogs")) - first < first
        spans = [int(q["toBlock"], 16) - int(q["fromBlock"], 16) + 1 for (q,) in node.asked_of("eth_getLogs")]
        assert max(spans[first:]) <= 8

    def test_ranges_grow_again(self, node):
        self._grown(node, 60)
        node.most_log_blocks = 2
        adapter = adapter_of(node)
        adapter.scan(1, 60, everyone)
        node.most_log_blocks = 1000
        node.asked.clear()
        for _ in range(10):
            adapter.scan(1, 60, everyone)
        queries = [query for (query,) in node.asked_of("eth_getLogs")]
        assert queries[-1]["fromBlock"] == hex(1)
        assert queries[-1]["toBlock"] == hex(60)

    def test_a_node_that_refuses_even_one_block_is_of_no_use(self, node):
        self._grown(node, 3)
        node.most_log_blocks = 0
        with pytest.raises(ChainUnavailableError, match="single block"):
            scan(node, 1, 3)

    def test_fewer_blocks_are_fetched_at_once_when_the_node_refuses_many(self, node):
        self._grown(node, 20)
        honest, most = FakeNode.ask_many, 2
        refusals = []

        def limited(calls):
            if len(calls) > most and calls[0][0] == "eth_getBlockByNumber":
                refusals.append(len(calls))
                raise AnswerTooLargeError("too large")
            return honest(node, calls)

        node.ask_many = limited
        adapter = adapter_of(node)
        assert len(adapter.scan(1, 20, everyone)) == 20
        assert refusals[0] == 5

    def test_after_a_node_did_not_answer_it_is_asked_for_less(self, node):
        self._grown(node, 20)
        adapter = adapter_of(node)
        node.overrides["eth_getLogs"] = unavailable
        with pytest.raises(ChainUnavailableError):
            adapter.scan(1, 20, everyone)
        del node.overrides["eth_getLogs"]
        node.asked.clear()
        adapter.scan(1, 20, everyone)
        assert node.asked_of("eth_getLogs")[0][0]["toBlock"] == hex(10)

    def test_a_short_range_says_nothing_about_long_ones(self):
        span = Span(100)
        span.blocks = 10
        assert list(span.read(1, 3, lambda first, last: [first, last])) == [1, 3]
        assert span.blocks == 10
