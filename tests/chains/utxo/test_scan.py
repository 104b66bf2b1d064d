"""Blocks and the memory pool: what is ours is told once and rightly, what cannot be proven is not told."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Transfer
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.utxo import pool, transfers
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.coin_node import BLOCKS_AT_ONCE
from chalicelib.chains.utxo.script import address_of
from tests.chains.utxo.fake_chain import FakeChain, coinbase, transaction, txid_of
from tests.chains.utxo.test_script import SCRIPTS

OURS, OTHER = SCRIPTS["p2wpkh"], bytes.fromhex("0014") + b"\x09" * 20
ADDRESS, STRANGE = address_of(OURS, "BTC"), address_of(OTHER, "BTC")
SOMEWHERE = "ab" * 32 + ":1"


def only(*ours):
    return lambda addresses: set(addresses) & set(ours)


@pytest.fixture
def chain():
    return FakeChain()


@pytest.fixture
def adapter(chain):
    return UtxoAdapter("BTC", chain)


def paying(*units, spends=(SOMEWHERE,)):
    return transaction(spends, [(each, OURS) for each in units])


def test_every_output_to_us_is_a_transfer_of_its_own(chain, adapter):
    raw = transaction([SOMEWHERE], [(7, OTHER), (5, OURS), (0, b"\x6a"), (6, OURS)])
    block_hash = chain.mine(raw)
    found = adapter.scan(0, 1, only(ADDRESS))
    assert found == [
        Transfer(txid_of(raw), index, 1, block_hash, "BTC", ADDRESS, units, ok=True, spends=SOMEWHERE)
        for index, units in ((1, 5), (3, 6))
    ]


@pytest.mark.parametrize("kind", SCRIPTS)
def test_every_kind_of_address_is_seen(chain, adapter, kind):
    chain.mine(transaction([SOMEWHERE], [(5, SCRIPTS[kind])]))
    (found,) = adapter.scan(1, 1, set)
    assert found.to == address_of(SCRIPTS[kind], "BTC")


def test_a_new_coin_paid_to_us_is_told_like_any_other(chain, adapter):
    chain.mine(script=OURS)
    assert [(each.units, each.spends) for each in adapter.scan(1, 1, only(ADDRESS))] == [(50 * 10**8, None)]


def test_a_long_range_is_told_in_the_chains_order(chain, adapter):
    raws = [paying(units) for units in range(1, 3 * BLOCKS_AT_ONCE)]
    hashes = [chain.mine(raw) for raw in raws]
    found = adapter.scan(1, len(raws), only(ADDRESS))
    assert [(each.txid, each.height, each.block_hash) for each in found] == [
        (txid_of(raw), height + 1, hashes[height]) for height, raw in enumerate(raws)
    ]


def test_an_empty_range_asks_nothing(chain, adapter):
    assert adapter.scan(1, 0, only(ADDRESS)) == []
    assert chain.asked == []


def test_nobody_is_asked_whose_address_it_is_where_there_is_none(chain, adapter):
    def never(addresses):
        raise AssertionError(addresses)

    assert adapter.scan(0, 0, never) == []
    assert adapter.mempool(never) == []


def test_a_block_that_is_not_there_is_an_error(chain, adapter):
    assert adapter.block_hashes(0, 2) == [adapter.block_hash(0), None, None]
    with pytest.raises(ChainUnavailableError, match="does not have all blocks"):
        adapter.scan(0, 1, set)


def test_a_pruned_block_is_an_error(chain, adapter):
    chain.answers["getblock"] = NodeRefusalError(-1, "Block not available (pruned data)")
    with pytest.raises(ChainUnavailableError, match="refuses getblock"):
        adapter.scan(0, 0, set)


def test_another_block_than_the_one_asked_for_is_an_error(chain, adapter):
    chain.mine()
    chain.answers["getblock"] = chain.active[0].hex()
    with pytest.raises(ChainUnavailableError, match="another block"):
        adapter.scan(1, 1, set)


def test_a_block_with_a_transaction_left_out_is_an_error(chain, adapter):
    chain.mine(paying(5))
    whole = chain.active[1]
    alone = chain.active[0][81:]
    chain.answers["getblock"] = (whole[:80] + b"\x01" + alone).hex()
    with pytest.raises(ChainUnavailableError, match="makes no sense"):
        adapter.scan(1, 1, set)


def test_blocks_of_two_branches_are_an_error(chain, adapter):
    for _ in range(BLOCKS_AT_ONCE + 2):
        chain.mine()
    hashes = adapter.block_hashes(0, BLOCKS_AT_ONCE + 2)
    for seam in (2, BLOCKS_AT_ONCE):  # within what is read at once, and between two such
        chain.drop(len(chain.active) - seam)
        while len(chain.active) < len(hashes):
            chain.mine()
        mixed = hashes[:seam] + adapter.block_hashes(seam, len(hashes) - 1)
        mixed[seam - 1] = hashes[seam - 1]
        old_then_new = [*hashes[: seam + 1], *adapter.block_hashes(seam + 1, len(hashes) - 1)]
        chain.answers["getblockhash"] = old_then_new.__getitem__
        with pytest.raises(ChainUnavailableError, match="do not follow each other"):
            adapter.scan(0, len(hashes) - 1, set)
        del chain.answers["getblockhash"]
        hashes = adapter.block_hashes(0, len(hashes) - 1)


def test_what_waits_is_told_with_what_it_spends(chain, adapter):
    raw = transaction([SOMEWHERE, "cd" * 32 + ":0"], [(5, OTHER), (6, OURS)])
    chain.pool.append(raw)
    expected = Transfer(
        txid_of(raw), 1, None, None, "BTC", ADDRESS, 6, ok=True, spends=f"{SOMEWHERE},{'cd' * 32}:0"
    )
    assert adapter.mempool(only(ADDRESS)) == [expected]
    assert adapter.mempool(only(ADDRESS)) == [expected]
    chain.mine(raw)
    assert adapter.mempool(only(ADDRESS)) == []


def test_a_waiting_transaction_is_fetched_once(chain, adapter):
    chain.pool += [paying(5), paying(6)]
    adapter.mempool(only(ADDRESS))
    chain.asked.clear()
    chain.pool.append(paying(7))
    assert [each.units for each in adapter.mempool(only(ADDRESS))] == [5, 6, 7]
    assert [asked[:2] for asked in chain.asked] == [
        ("getrawmempool",),
        ("getrawtransaction", txid_of(chain.pool[2])),
    ]


def test_a_transaction_that_leaves_the_pool_while_it_is_read_is_no_error(chain, adapter):
    chain.pool.append(paying(5))
    chain.answers["getrawmempool"] = ["ef" * 32, txid_of(chain.pool[0])]
    assert [each.units for each in adapter.mempool(only(ADDRESS))] == [5]


def test_one_that_comes_back_is_told_again(chain, adapter):
    raw = paying(5)
    chain.pool = [raw]
    assert len(adapter.mempool(only(ADDRESS))) == 1
    chain.pool = []
    assert adapter.mempool(only(ADDRESS)) == []
    chain.pool = [raw]
    assert len(adapter.mempool(only(ADDRESS))) == 1


def test_a_small_pool_is_matched_as_a_whole_at_every_look(chain, adapter):
    chain.pool = [paying(5)]
    assert adapter.mempool(only(STRANGE)) == []
    assert [each.units for each in adapter.mempool(only(ADDRESS))] == [5]


def test_of_a_large_pool_only_what_is_new_and_what_is_ours_is_matched_again(chain, adapter):
    chain.pool = [transaction([SOMEWHERE], [(each, OTHER)]) for each in range(1, pool.SMALL_POOL_OUTPUTS + 1)]
    chain.pool.append(paying(5))
    matched = []

    def match(addresses):
        matched.append(sorted(addresses))
        return set(matched[-1]) & {ADDRESS}

    assert [each.units for each in adapter.mempool(match)] == [5]
    assert [each.units for each in adapter.mempool(match)] == [5]
    assert matched == [sorted([ADDRESS, STRANGE]), [ADDRESS]]


def test_a_large_pool_is_caught_up_with_over_several_looks(chain, adapter, monkeypatch):
    monkeypatch.setattr(pool, "MOST_NEW_AT_ONCE", 4)
    chain.pool = [paying(each) for each in range(1, 11)]
    assert [len(adapter.mempool(only(ADDRESS))) for _ in range(4)] == [4, 8, 10, 10]


def test_what_was_not_matched_for_an_error_is_matched_at_the_next_look(chain, adapter):
    chain.pool = [transaction([SOMEWHERE], [(each, OTHER)]) for each in range(1, 200)]
    chain.pool.append(paying(5))

    def broken(addresses):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        adapter.mempool(broken)
    assert [each.units for each in adapter.mempool(only(ADDRESS))] == [5]


def test_a_transaction_with_very_many_inputs_tells_only_some_of_them(chain, adapter):
    chain.pool = [paying(5, spends=[f"{each:064x}:0" for each in range(1, 500)])]
    (waiting,) = adapter.mempool(only(ADDRESS))
    assert len(waiting.spends.split(",")) == transfers.MOST_TOLD_INPUTS


def test_another_transaction_than_the_one_asked_for_is_an_error(chain, adapter):
    chain.answers["getrawmempool"] = ["ef" * 32]
    chain.answers["getrawtransaction"] = paying(5).hex()
    with pytest.raises(ChainUnavailableError, match="another transaction"):
        adapter.mempool(only(ADDRESS))


def test_other_providers_confirm_a_block(chain, adapter):
    twin, behind, astray = FakeChain(), FakeChain(), FakeChain()
    chain.mine()
    twin.active = list(chain.active)
    behind.active = chain.active[:1]
    chain.second_opinions = [twin, behind]
    adapter.witness(1, adapter.block_hash(1))
    astray.active = chain.active[:1]
    astray.mine(coinbase())
    down = FakeChain()
    down.answers["getblockhash"] = NodeRefusalError(-32601, "Method not found")
    chain.second_opinions.append(down)
    adapter.witness(1, adapter.block_hash(1))
    chain.second_opinions.append(astray)
    with pytest.raises(ChainUnavailableError, match="another block at height 1"):
        adapter.witness(1, adapter.block_hash(1))


def test_the_head_is_final_only_by_its_depth(chain, adapter):
    chain.mine()
    head = adapter.head()
    assert (head.height, head.hash, head.final_height) == (1, adapter.block_hash(1), 1)
