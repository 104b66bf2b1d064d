"""Whatever a node says, the answer is right or there is none."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.chains.adapter import (
    ChainUnavailableError,
    Coin,
    Head,
    Payout,
    TransactionRefusedError,
    TxStatus,
)
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.utxo.adapter import UtxoAdapter
from tests.chains.utxo.fake_chain import FakeChain, transaction, txid_of
from tests.chains.utxo.patience import PATIENT
from tests.chains.utxo.test_scan import ADDRESS, OTHER, OURS, SOMEWHERE

SPENT = "cd" * 32 + ":0"
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=70)
    | st.binary(max_size=99).map(bytes.hex)
    | st.sampled_from(["ab" * 32, "AB" * 32, -1, 2**70, Decimal("1e999999"), Decimal("-0.1")])
)
FIELDS = [
    "blocks",
    "bestblockhash",
    "hex",
    "blockhash",
    "height",
    "confirmations",
    "value",
    "coinbase",
    "success",
    "total_amount",
    "feerate",
    "mempoolminfee",
    "minrelaytxfee",
]
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=12,
)
refusals = st.builds(
    NodeRefusalError, st.sampled_from([-1, -5, -8, -25, -26, -27, -32601, 0]), st.text(max_size=20)
)

QUESTIONS = {
    "head": lambda adapter: adapter.head(),
    "hashes": lambda adapter: adapter.block_hashes(0, 2),
    "scan": lambda adapter: adapter.scan(0, 2, set),
    "mempool": lambda adapter: adapter.mempool(set),
    "status": lambda adapter: adapter.status("ab" * 32, f"{SOMEWHERE},{SPENT}"),
    "unspent": lambda adapter: adapter.unspent([Coin(SOMEWHERE, 1, "0/1")]),
    "balance": lambda adapter: adapter.balance(ADDRESS, "BTC"),
    "rate": lambda adapter: adapter.fee_rate(),
    "estimate": lambda adapter: adapter.estimate(Payout("", "", "BTC", 1)),
    "broadcast": lambda adapter: adapter.broadcast(transaction([SOMEWHERE], [(1, OTHER)])),
}
METHODS = [name[1:] for name in vars(FakeChain) if name.startswith(("_get", "_scan", "_estimate", "_send"))]


def _chain() -> FakeChain:
    chain = FakeChain()
    chain.mine(transaction([SOMEWHERE], [(1_000, OURS)]))
    chain.mine()
    chain.pool.append(transaction([SPENT], [(1_000, OURS)]))
    chain.second_opinions = [chain]
    return chain


@pytest.mark.parametrize("question", QUESTIONS)
@settings(PATIENT, max_examples=60)
@given(st.dictionaries(st.sampled_from(METHODS), anything | refusals, min_size=1, max_size=3))
def test_nonsense_is_unavailable_and_never_a_crash(question, answers):
    chain = _chain()
    chain.answers = answers
    try:
        QUESTIONS[question](UtxoAdapter("BTC", chain))
    except (ChainUnavailableError, TransactionRefusedError):
        return


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_refusal_of_a_question_is_unavailable(question):
    chain = _chain()
    chain.answers = {method: NodeRefusalError(-32601, "Method not found") for method in METHODS}
    with pytest.raises(ChainUnavailableError, match="refuses"):
        QUESTIONS[question](UtxoAdapter("BTC", chain))


def test_the_same_questions_are_answered_where_all_is_well():
    chain = _chain()
    adapter = UtxoAdapter("BTC", chain)
    assert isinstance(adapter.head(), Head)
    assert [each.units for each in adapter.scan(0, 2, {ADDRESS}.intersection)] == [1_000]
    assert [each.txid for each in adapter.mempool({ADDRESS}.intersection)] == [txid_of(chain.pool[0])]
    assert adapter.status("ab" * 32, SPENT) == TxStatus("missing")
    assert adapter.balance(ADDRESS, "BTC") == 150_000_000
    assert adapter.balance(ADDRESS, "USDT") == 0
    assert adapter.fee_rate() == 5_000
    assert adapter.estimate(Payout("", "", "BTC", 1)).units == 5 * 209
    assert adapter.estimate(Payout("", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "BTC", 1)).units == 5 * 210


@pytest.mark.parametrize("count", [-1, True, "5", None, Decimal(5)], ids=repr)
def test_what_is_no_count_is_unavailable(count):
    chain = _chain()
    adapter, best = UtxoAdapter("BTC", chain), chain.ask("getblockchaininfo")
    chain.answers["getblockchaininfo"] = best | {"blocks": count}
    with pytest.raises(ChainUnavailableError):
        adapter.head()
    chain.answers["gettxout"] = {"value": Decimal(1), "confirmations": count, "coinbase": False}
    with pytest.raises(ChainUnavailableError):
        adapter.unspent([Coin(SOMEWHERE, 1, "0/1")])
    mined = txid_of(transaction([SOMEWHERE], [(1_000, OURS)]))
    chain.answers["getblockheader"] = {"height": count, "confirmations": 1}
    with pytest.raises(ChainUnavailableError):
        adapter.status(mined)


@pytest.mark.parametrize("shown", ["AB" * 32, "ab" * 31, "ab" * 33, "zz" * 32, 5, None, "ab" * 31 + " a"])
def test_what_is_no_hash_is_unavailable(shown):
    chain = _chain()
    chain.answers["getblockhash"] = shown
    with pytest.raises(ChainUnavailableError):
        UtxoAdapter("BTC", chain).block_hash(1)


@pytest.mark.parametrize("question", ["scan", "mempool", "status", "unspent", "broadcast"])
def test_questions_that_belong_together_are_asked_of_one_provider(question):
    chain, depths = _chain(), []

    @contextmanager
    def pinned():
        depths.append("in")
        yield
        depths.append("out")

    def unpinned(*_params):
        assert depths.count("in") > depths.count("out")
        raise NodeRefusalError(-26, "no")

    chain.pinned, chain.answers = pinned, dict.fromkeys(METHODS, unpinned)
    with pytest.raises((ChainUnavailableError, TransactionRefusedError)):
        QUESTIONS[question](UtxoAdapter("BTC", chain))
    assert depths


def test_fewer_answers_than_questions_are_unavailable():
    chain = _chain()
    chain.ask_many = lambda calls: []
    with pytest.raises(ChainUnavailableError, match="unanswered"):
        UtxoAdapter("BTC", chain).block_hashes(0, 1)


def test_a_chain_state_that_was_not_read_to_its_end_is_no_balance():
    chain = _chain()
    chain.answers["scantxoutset"] = {"success": False, "total_amount": Decimal(1)}
    with pytest.raises(ChainUnavailableError):
        UtxoAdapter("BTC", chain).balance(ADDRESS, "BTC")
    chain.answers["scantxoutset"] = NodeRefusalError(-8, "Scan already in progress")
    with pytest.raises(ChainUnavailableError):
        UtxoAdapter("BTC", chain).balance(ADDRESS, "BTC")
