"""Heads, hashes, balances, witnesses; and that nothing a node says crashes us or is misread."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Head, Payout, TransactionRefusedError
from chalicelib.chains.addresses import InvalidAddressError
from chalicelib.chains.providers.node import NodeRefusalError
from tests.chains.evm.fake_node import (
    OTHER_LOG,
    TOKENS,
    USDT,
    FakeNode,
    Tx,
    adapter_of,
    address,
    coin,
    everyone,
    hash_of,
    refusing,
    token,
    transfer_log,
    unavailable,
    word,
)

OURS = address(1)
PAYOUT = Payout(OURS, address(2), "USDT", 5)


@pytest.fixture
def node():
    node = FakeNode()
    for _ in range(5):
        node.mine()
    return node


class TestHead:
    def test_it_is_the_newest_block_and_the_chains_own_final_one(self, node):
        node.final = 3
        assert adapter_of(node).head() == Head(5, node.blocks[5].hash, 3)

    def test_before_anything_is_final_nothing_is(self, node):
        honest = node._eth_getBlockByNumber
        node.overrides["eth_getBlockByNumber"] = lambda tag, full: (
            None if tag == "finalized" else honest(tag, full)
        )
        assert adapter_of(node).head().final_height == 0

    def test_where_nothing_is_called_final_the_newest_is(self, node):
        honest = node._eth_getBlockByNumber
        node.overrides["eth_getBlockByNumber"] = lambda tag, full: (
            refusing()() if tag == "finalized" else honest(tag, full)
        )
        assert adapter_of(node).head().final_height == 5

    @pytest.mark.parametrize("answer", [lambda *_: None, refusing(), lambda *_: {}, lambda *_: 7])
    def test_a_node_without_a_newest_block_is_of_no_use(self, node, answer):
        node.overrides["eth_getBlockByNumber"] = answer
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).head()


class TestHashes:
    def test_they_come_in_order_and_none_where_there_is_no_block_yet(self, node):
        assert adapter_of(node).block_hashes(3, 7) == [*(block.hash for block in node.blocks[3:]), None, None]
        assert adapter_of(node).block_hash(5) == node.blocks[5].hash
        assert adapter_of(node).block_hash(6) is None

    def test_no_more_are_asked_for_at_once_than_nodes_take(self, node):
        sizes = []
        honest = node.ask_many
        node.ask_many = lambda calls: sizes.append(len(calls)) or honest(calls)
        assert len(adapter_of(node).block_hashes(0, 119)) == 120
        assert sizes == [50, 50, 20]

    def test_another_block_than_was_asked_for_is_nonsense(self, node):
        node.overrides["eth_getBlockByNumber"] = lambda *_: node.blocks[4].header()
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).block_hash(3)

    def test_a_refusal_is_no_absence(self, node):
        node.overrides["eth_getBlockByNumber"] = refusing()
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).block_hash(3)

    def test_fewer_answers_than_questions_are_nonsense(self, node):
        node.ask_many = lambda calls: []
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).block_hashes(1, 3)


class TestWitness:
    def test_others_confirm_or_have_not_come_so_far(self, node):
        same, behind = FakeNode(), FakeNode()
        same.blocks = list(node.blocks)
        node.further = [same, behind]
        adapter_of(node).witness(5, node.blocks[5].hash)
        assert same.asked == behind.asked == [("eth_getBlockByNumber", ("0x5", False))]

    def test_one_that_has_another_block_stops_the_money(self, node):
        other = FakeNode()
        other.blocks = list(node.blocks)
        other.reorganise(1)
        node.further = [other]
        adapter_of(node).witness(4, node.blocks[4].hash)
        with pytest.raises(ChainUnavailableError, match="disagree"):
            adapter_of(node).witness(5, node.blocks[5].hash)

    @pytest.mark.parametrize("answer", [unavailable, refusing(), lambda *_: {}])
    def test_one_that_does_not_say_does_so_too(self, node, answer):
        other = FakeNode()
        other.overrides["eth_getBlockByNumber"] = answer
        node.further = [other]
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).witness(5, node.blocks[5].hash)


class TestWitnessOfATransfer:
    """The same block of the same hash at both, told of differently: nothing proves a receipt to us."""

    @pytest.fixture
    def other(self, node):
        node.mine(coin(OURS, 3), Tx(USDT, logs=[OTHER_LOG, transfer_log(USDT, OURS, 7)]))
        other = FakeNode()
        other.blocks = list(node.blocks)
        node.further = [other]
        return other

    def witness(self, node, place, **changed):
        transfer = adapter_of(node).scan(6, 6, everyone)[place]
        adapter_of(node).witness(6, node.blocks[6].hash, replace(transfer, **changed))

    def test_it_is_confirmed_or_not_come_so_far_to(self, node, other):
        self.witness(node, 0)
        self.witness(node, 1)
        other.blocks.pop()
        self.witness(node, 1, units=8)

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize(
        "changed",
        [
            {"units": 8},
            {"to": address(2)},
            {"txid": hash_of("none")},
            {"token": "USDC"},
            {"index": 3},
            {"index": 1},
        ],
    )
    def test_another_one_stops_the_money(self, node, other, place, changed):
        with pytest.raises(ChainUnavailableError):
            self.witness(node, place, **changed)

    @pytest.mark.parametrize("changed", [{"status": "0x0"}, {"blockHash": hash_of("another")}, {"logs": []}])
    def test_so_does_another_receipt(self, node, other, changed):
        honest = other._eth_getTransactionReceipt
        other.overrides["eth_getTransactionReceipt"] = lambda txid: {**honest(txid), **changed}
        with pytest.raises(ChainUnavailableError):
            self.witness(node, 1)


class TestBalances:
    def test_coin_and_token(self, node):
        assert adapter_of(node).balance(OURS, "ETH") == 10**18
        assert adapter_of(node).balance(OURS, "USDT") == 7
        asked = {"to": USDT, "data": "0x70a08231" + "00" * 12 + OURS[2:].lower()}
        assert node.asked_of("eth_call") == [(asked, "latest")]

    @pytest.mark.parametrize("answer", ["0x", "0x07", word(7) + "00", None, 7, refusing])
    def test_a_contract_that_is_not_there_has_no_balance_of_zero(self, node, answer):
        node.overrides["eth_call"] = answer() if answer is refusing else lambda *_: answer
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).balance(OURS, "USDT")

    @pytest.mark.parametrize("answer", [None, "", "0x", "12", 12, "0xg"])
    def test_an_amount_of_coin_that_is_none_is_an_error(self, node, answer):
        node.overrides["eth_getBalance"] = lambda *_: answer
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).balance(OURS, "ETH")


def test_the_next_slot_is_what_mined_transactions_have_used(node):
    assert adapter_of(node).next_slot(OURS) == 0
    node.pool = [coin(OURS, 1, sender=OURS)]
    assert adapter_of(node).next_slot(OURS) == 0
    node.mine(*node.pool)
    assert adapter_of(node).next_slot(OURS) == 1


def test_its_addresses_are_those_of_its_family(node):
    assert adapter_of(node).validate(OURS.lower()).address == OURS
    with pytest.raises(InvalidAddressError):
        adapter_of(node).validate("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")


def test_what_it_is_for_the_payouts(node):
    assert (adapter_of(node).slot_kind, adapter_of(node).is_replaceable) == ("sequence", True)


QUESTIONS = {
    "head": lambda adapter: adapter.head(),
    "block_hash": lambda adapter: adapter.block_hash(5),
    "scan": lambda adapter: adapter.scan(1, 6, everyone),
    "mempool": lambda adapter: adapter.mempool(everyone),
    "status": lambda adapter: adapter.status(hash_of("some"), f"{OURS}:0"),
    "balance": lambda adapter: adapter.balance(OURS, "USDT"),
    "coin": lambda adapter: adapter.balance(OURS, "ETH"),
    "next_slot": lambda adapter: adapter.next_slot(OURS),
    "estimate": lambda adapter: adapter.estimate(PAYOUT),
    "build": lambda adapter: adapter.build(PAYOUT, "1", Fee("ETH", 10**16)),
    "broadcast": lambda adapter: adapter.broadcast(b"some bytes"),
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.from_regex(r"0x[0-9a-f]{0,70}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["hash", "number", "parentHash", "logsBloom", "transactions", "blockHash", "logs", "status"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
methods = st.sampled_from(
    [
        "eth_blockNumber",
        "eth_getBlockByNumber",
        "eth_getLogs",
        "eth_getTransactionReceipt",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getBalance",
        "eth_call",
        "eth_estimateGas",
        "eth_gasPrice",
        "eth_feeHistory",
        "eth_sendRawTransaction",
    ]
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_node_that_does_not_answer_is_unavailable(node, question):
    node.ask = unavailable
    node.ask_many = unavailable
    with pytest.raises(ChainUnavailableError):
        QUESTIONS[question](adapter_of(node))


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "broadcast"])
def test_a_node_that_refuses_every_question_is_of_no_use(node, question):
    def refuse(method, *params):
        raise NodeRefusalError(-32601, "the method does not exist")

    node.ask = refuse
    node.ask_many = lambda calls: [NodeRefusalError(-32601, "the method does not exist") for _ in calls]
    with pytest.raises(ChainUnavailableError):
        QUESTIONS[question](adapter_of(node))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(QUESTIONS)), methods, st.lists(json_values, min_size=1, max_size=4))
def test_garbage_never_crashes_us(question, method, garbage):
    node = FakeNode()
    for number in range(6):
        node.mine(token(USDT, OURS, 1 + number), coin(OURS, 1))
    turn = iter(garbage * 1000)
    node.overrides[method] = lambda *_: next(turn)
    with suppress(ChainUnavailableError, TransactionRefusedError):
        QUESTIONS[question](adapter_of(node, tokens=TOKENS))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_spoilt_field_is_noticed_or_makes_no_difference_to_what_is_found(data):
    """Of a scan: whatever single field of a block, log or receipt is garbage, no wrong transfer comes out."""
    node = FakeNode()
    node.mine(token(USDT, OURS, 5), coin(OURS, 6))
    right = adapter_of(node).scan(1, 1, everyone)
    method = data.draw(st.sampled_from(["eth_getLogs", "eth_getTransactionReceipt"]))
    honest = getattr(node, f"_{method}")

    def spoil(*params):
        answer = honest(*params)
        target = answer[0] if isinstance(answer, list) else answer
        field = data.draw(st.sampled_from(sorted(set(target) - {"removed", "gasUsed", "effectiveGasPrice"})))
        garbage = data.draw(json_values)
        target[field] = None if field == "status" and garbage == "0x0" else garbage  # a lie is no garbage
        return answer

    node.overrides[method] = spoil
    try:
        found = adapter_of(node).scan(1, 1, everyone)
    except ChainUnavailableError:
        return
    assert found == right
