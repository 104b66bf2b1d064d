"""Where a transaction stands: mined, waiting, missing, or spent away by another, and how deep that lies."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Coin, TransactionRefusedError, TxStatus
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.utxo import spenders
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.coin_node import BLOCKS_AT_ONCE
from tests.chains.utxo.fake_chain import FakeChain, coinbase, transaction, txid_of
from tests.chains.utxo.test_scan import OTHER, OURS, SOMEWHERE

MISSING = TxStatus("missing")


@pytest.fixture
def chain():
    return FakeChain()


@pytest.fixture
def adapter(chain):
    return UtxoAdapter("BTC", chain)


@pytest.fixture
def coin(chain):
    """An output in a block that can be spent: ``txid:index``."""
    raw = transaction([SOMEWHERE], [(1_000, OTHER), (2_000, OURS)])
    chain.mine(raw)
    return f"{txid_of(raw)}:1"


def test_what_is_mined_is_told_with_its_block_and_its_fee(chain, adapter, coin):
    second = transaction([SOMEWHERE], [(500, OTHER)])
    chain.mine(second)
    raw = transaction([coin, f"{txid_of(second)}:0"], [(2_100, OURS), (300, OTHER)])
    block_hash = chain.mine(raw)
    mined = TxStatus("mined", 3, block_hash, ok=True, fee_units=100)
    assert adapter.status(txid_of(raw)) == mined
    chain.mine()
    assert adapter.status(txid_of(raw)) == mined


def test_what_waits_is_in_the_mempool(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    chain.pool.append(raw)
    assert adapter.status(txid_of(raw), coin) == TxStatus("mempool")


def test_what_nobody_has_is_missing_while_its_coins_are_free(chain, adapter, coin):
    assert adapter.status("ab" * 32) == MISSING
    assert adapter.status("ab" * 32, coin) == MISSING


def test_spent_away_in_a_block_is_impossible_by_that_block(chain, adapter, coin):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    for _ in range(9):
        chain.mine()
    assert adapter.status("ab" * 32, coin) == TxStatus("impossible", 2)
    assert adapter.status("ab" * 32) == MISSING


def test_one_coin_of_several_is_enough_and_the_deepest_counts(chain, adapter, coin):
    txid = coin.split(":")[0]
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    chain.mine(transaction([f"{txid}:0"], [(900, OTHER)]))
    free = transaction([SOMEWHERE], [(77, OTHER)])
    chain.mine(free)
    spends = f"{txid_of(free)}:0,{txid}:0,{coin}"
    assert adapter.status("ab" * 32, spends) == TxStatus("impossible", 2)


def test_a_spender_deeper_than_we_look_is_at_least_that_deep(chain, adapter, coin, monkeypatch):
    monkeypatch.setattr(spenders, "MOST_BLOCKS_WALKED", 6)
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    for _ in range(20):
        chain.mine()
    assert adapter.status("ab" * 32, coin) == TxStatus("impossible", adapter.head().height - 5)
    assert sum(asked[0] == "getblock" for asked in chain.asked) == 6


def test_where_a_coin_was_spent_is_looked_up_once_while_that_block_stands(chain, adapter, coin):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    chain.mine()
    assert adapter.status("ab" * 32, coin).height == 2
    chain.asked.clear()
    chain.mine()
    assert adapter.status("ab" * 32, coin).height == 2
    assert "getblock" not in {asked[0] for asked in chain.asked}
    chain.drop(2)
    chain.drop(1)
    chain.mine()
    chain.mine(transaction([coin], [(1_800, OTHER)]))
    assert adapter.status("ab" * 32, coin).height == 3


def test_only_what_is_found_is_proven_where_some_was_spent_deeper(chain, adapter, coin, monkeypatch):
    monkeypatch.setattr(spenders, "MOST_BLOCKS_WALKED", 4)
    txid = coin.split(":")[0]
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    for _ in range(5):
        chain.mine()
    chain.mine(transaction([f"{txid}:0"], [(900, OTHER)]))
    chain.mine()
    assert adapter.status("ab" * 32, f"{coin},{txid}:0").height == adapter.head().height - 1


def test_a_coin_that_is_called_spent_and_that_no_block_spends_proves_nothing(chain, adapter, coin, monkeypatch):
    chain.mine()
    chain.answers["gettxout"] = None
    with pytest.raises(ChainUnavailableError, match="no block of it spends"):
        adapter.status("ab" * 32, coin)
    monkeypatch.setattr(spenders, "MOST_BLOCKS_WALKED", 4)
    for _ in range(9):
        chain.mine()
    told = [None]
    chain.answers["gettxout"] = lambda *params: told.pop() if told else chain._gettxout(*params)
    with pytest.raises(ChainUnavailableError, match="no block of it spends"):
        adapter.status("ab" * 32, coin)


def test_a_reorganisation_in_the_middle_of_the_walk_is_noticed(chain, adapter, coin):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    for _ in range(6):
        chain.mine()
    asked = []

    def changing(height):
        asked.append(height)
        if len(asked) == BLOCKS_AT_ONCE + 1:
            chain.drop(6)
            for _ in range(7):
                chain.mine()
        return chain._getblockhash(height)

    chain.answers["getblockhash"] = changing
    with pytest.raises(ChainUnavailableError, match="reorganised while"):
        adapter.status("ab" * 32, coin)


def test_a_chain_that_got_shorter_before_the_walk_is_noticed(chain, adapter, coin):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    chain.answers["getblockchaininfo"] = chain.ask("getblockchaininfo") | {"blocks": 4}
    with pytest.raises(ChainUnavailableError, match="reorganised while"):
        adapter.status("ab" * 32, coin)


def test_the_walk_does_not_go_below_the_block_that_the_coin_came_in(chain, adapter, coin):
    chain.mine()
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    chain.asked.clear()
    assert adapter.status("ab" * 32, coin).height == 3
    assert {asked[1] for asked in chain.asked if asked[0] == "getblockhash"} <= {1, 2, 3}


def test_a_rival_that_only_waits_decides_nothing(chain, adapter, coin):
    chain.pool.append(transaction([coin], [(1_900, OTHER)]))
    assert adapter.status("ab" * 32, coin) == MISSING


@pytest.fixture
def second(chain):
    """Another provider, which has the same blocks and a pool of its own."""
    other = FakeChain()
    other.active = chain.active
    chain.second_opinions = [other]
    return other


def test_what_another_provider_still_has_is_not_impossible(chain, adapter, coin, second):
    raw = transaction([coin], [(1_900, OURS)])
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    assert adapter.status(txid_of(raw), coin) == TxStatus("impossible", 2)
    second.pool.append(raw)
    with pytest.raises(ChainUnavailableError, match="Another provider"):
        adapter.status(txid_of(raw), coin)
    second.pool.clear()
    second.active = [*chain.active[:2]]
    second.mine(raw)
    with pytest.raises(ChainUnavailableError, match="Another provider"):
        adapter.status(txid_of(raw), coin)


def test_a_coin_that_another_provider_calls_unspent_is_not_spent_for_good(chain, adapter, coin, second):
    second.active = list(chain.active)
    for _ in range(100):
        chain.mine()
    chain.answers["gettxout"] = None  # a liar: no block that it shows spends the coin
    with pytest.raises(ChainUnavailableError, match="Another provider"):
        adapter.status("ab" * 32, coin)
    second.active = chain.active
    with pytest.raises(ChainUnavailableError, match="Another provider"):
        adapter.status("ab" * 32, coin)


def test_another_block_where_the_coin_was_spent_is_no_agreement(chain, adapter, coin, second):
    thief = transaction([coin], [(1_900, OTHER)])
    second.active = list(chain.active)
    chain.mine(thief)
    second.mine()
    second.mine(thief)
    with pytest.raises(ChainUnavailableError, match="Another provider"):
        adapter.status("ab" * 32, coin)


def test_a_provider_that_cannot_be_asked_is_no_witness(chain, adapter, coin, second):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    second.answers["getrawtransaction"] = NodeRefusalError(-5, "No such mempool transaction. Use -txindex.")
    assert adapter.status("ab" * 32, coin) == TxStatus("impossible", 2)


def test_what_any_provider_has_is_known(chain, adapter, coin, second):
    raw = transaction([coin], [(1_900, OURS)])
    second.active = list(chain.active)
    assert not adapter.is_known(txid_of(raw))
    second.pool.append(raw)
    assert adapter.is_known(txid_of(raw))
    second.answers["getrawtransaction"] = "nonsense"
    assert not adapter.is_known(txid_of(raw))
    chain.mine(raw)
    assert adapter.is_known(txid_of(raw))


def test_a_spender_is_told_as_deep_as_any_payout_is_watched(chain, adapter, coin):
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    for _ in range(200):
        chain.mine()
    assert adapter.head().height - adapter.status("ab" * 32, coin).height + 1 >= 64


def test_a_coin_that_waits_itself_is_spent_by_nobody_for_good(chain, adapter):
    parent = transaction([SOMEWHERE], [(1_000, OURS)])
    chain.pool.append(parent)
    coin = f"{txid_of(parent)}:0"
    assert adapter.status("ab" * 32, coin) == MISSING
    chain.pool.append(transaction([coin], [(900, OTHER)]))
    assert adapter.status("ab" * 32, coin) == MISSING


def test_a_coin_that_left_the_chain_is_gone_and_not_spent(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    chain.mine(raw)
    chain.drop(2)
    chain.mine()
    chain.mine()
    assert adapter.status(txid_of(raw), coin) == MISSING


def test_what_lies_only_in_a_dead_block_is_missing(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    chain.mine(raw)
    chain.drop(1)
    chain.mine()
    assert adapter.status(txid_of(raw), coin) == MISSING


def test_an_outpoint_that_never_was_is_not_spent(chain, adapter, coin):
    txid = coin.split(":")[0]
    assert adapter.status("ab" * 32, f"{txid}:7") == MISSING


def test_one_that_comes_while_its_coins_are_looked_at_is_never_impossible(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])

    def arrives(*params):
        chain.pool[:] = [raw]
        return chain._gettxout(*params)

    chain.answers["gettxout"] = arrives
    assert adapter.status(txid_of(raw), coin) == TxStatus("mempool")


def test_an_index_behind_the_blocks_is_no_proof(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    chain.mine(raw)

    def behind(txid, verbose):
        if txid == txid_of(raw):
            raise NodeRefusalError(-5, "No such mempool or blockchain transaction.")
        return chain._getrawtransaction(txid, verbose)

    chain.answers["getrawtransaction"] = behind
    with pytest.raises(ChainUnavailableError, match="behind its blocks"):
        adapter.status(txid_of(raw), coin)


@pytest.mark.parametrize(
    "words",
    [
        "No such mempool transaction. Use -txindex to enable blockchain transaction queries.",
        "No such mempool transaction. Blockchain transactions are still in the process of being indexed.",
    ],
)
def test_a_node_without_its_index_cannot_say_that_something_is_missing(chain, adapter, words):
    chain.answers["getrawtransaction"] = NodeRefusalError(-5, words)
    with pytest.raises(ChainUnavailableError):
        adapter.status("ab" * 32)


def test_a_new_coins_transaction_and_one_with_very_many_inputs_have_no_fee_to_tell(chain, adapter):
    raw = transaction([f"{each:064x}:0" for each in range(101)], [(1, OTHER)])
    chain.mine(raw)
    assert adapter.status(txid_of(raw)).fee_units is None
    first = coinbase()
    chain.mine(first)
    assert adapter.status(txid_of(first)).fee_units is None


def test_a_node_that_lacks_what_was_spent_or_tells_of_a_negative_fee_is_not_believed(chain, adapter, coin):
    lost, greedy = transaction([SOMEWHERE], [(1, OTHER)]), transaction([coin], [(2_001, OTHER)])
    chain.mine(lost, greedy)
    with pytest.raises(ChainUnavailableError, match="lacks"):
        adapter.status(txid_of(lost))
    with pytest.raises(ChainUnavailableError, match="more than it has"):
        adapter.status(txid_of(greedy))


def test_coins_are_told_with_their_real_depth_and_worth(chain, adapter, coin):
    chain.mine()
    txid = coin.split(":")[0]
    asked = [Coin(coin, 1, "0/4"), Coin(f"{txid}:0", 1, "1/0"), Coin("ab" * 32 + ":0", 1, "0/5")]
    assert adapter.unspent(asked) == [Coin(coin, 2_000, "0/4", 2), Coin(f"{txid}:0", 1_000, "1/0", 2)]
    chain.mine(transaction([coin], [(1_900, OTHER)]))
    assert adapter.unspent(asked) == [Coin(f"{txid}:0", 1_000, "1/0", 3)]
    assert adapter.unspent([]) == []


def test_what_waits_is_no_coin_yet_and_what_waits_to_spend_it_does_not_count(chain, adapter, coin):
    spender = transaction([coin], [(1_900, OURS)])
    chain.pool.append(spender)
    assert len(adapter.unspent([Coin(coin, 1, "0/4"), Coin(f"{txid_of(spender)}:0", 1, "1/0")])) == 1


def test_an_output_that_lies_in_no_block_is_no_coin_even_where_a_node_tells_of_it(chain, adapter, coin):
    chain.answers["gettxout"] = lambda txid, index, _with_pool: chain._gettxout(txid, index, True)
    waiting = transaction([SOMEWHERE], [(77, OURS)])
    chain.pool.append(waiting)
    assert adapter.unspent([Coin(f"{txid_of(waiting)}:0", 1, "1/0")]) == []


def test_a_new_coin_is_left_out_until_it_is_a_hundred_deep(chain, adapter):
    raw = coinbase(OURS)
    chain.mine(raw)
    made = [Coin(f"{txid_of(raw)}:0", 1, "0/4")]
    # The block's own coinbase is the first; this one stands for a new coin by its form.
    for _ in range(98):
        chain.mine()
    assert adapter.unspent(made) == []
    chain.mine()
    assert [coin.confirmations for coin in adapter.unspent(made)] == [100]


def test_what_came_out_of_the_mweb_is_left_out_until_it_is_six_deep(chain):
    adapter = UtxoAdapter("LTC", chain)
    pegged_out = transaction([SOMEWHERE], [(5, OTHER), (1_000, OURS)])
    flagged = pegged_out[:5] + b"\x09" + pegged_out[6:-4] + b"\x00" + pegged_out[-4:]
    chain.mine(flagged)
    made = [Coin(f"{txid_of(flagged)}:1", 1, "0/4")]
    for _ in range(4):
        chain.mine()
    assert adapter.unspent(made) == []
    chain.mine()
    assert [coin.confirmations for coin in adapter.unspent(made)] == [6]


def test_bytes_that_the_node_has_are_no_error_whatever_it_says(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    for code in (-25, -26, -27):
        chain.answers["sendrawtransaction"] = NodeRefusalError(code, "txn-already-known")
        chain.pool = [raw]
        adapter.broadcast(raw)
        chain.pool = []
        with pytest.raises(TransactionRefusedError, match="txn-already-known"):
            adapter.broadcast(raw)
    chain.mine(raw)
    adapter.broadcast(raw)
    chain.drop(1)
    with pytest.raises(TransactionRefusedError):
        adapter.broadcast(raw)


def test_a_fee_too_low_for_the_node_is_a_refusal(chain, adapter, coin):
    chain.answers["sendrawtransaction"] = NodeRefusalError(-26, "min relay fee not met, 100 < 141")
    with pytest.raises(TransactionRefusedError, match="min relay fee"):
        adapter.broadcast(transaction([coin], [(1_999, OURS)]))


def test_bytes_that_are_no_transaction_are_a_refusal(chain, adapter):
    chain.answers["sendrawtransaction"] = NodeRefusalError(-22, "TX decode failed")
    with pytest.raises(TransactionRefusedError, match="decode"):
        adapter.broadcast(b"nonsense")


def test_a_refusal_that_is_not_about_the_bytes_tells_nothing(chain, adapter, coin):
    chain.answers["sendrawtransaction"] = NodeRefusalError(-32601, "Method not found")
    with pytest.raises(ChainUnavailableError, match="Method not found"):
        adapter.broadcast(transaction([coin], [(1_900, OURS)]))


def test_the_node_is_left_its_own_bound_on_fees(chain, adapter, coin):
    raw = transaction([coin], [(1_900, OURS)])
    adapter.broadcast(raw)
    assert chain.asked == [("sendrawtransaction", raw.hex())]
