"""The simulated node's own rules: determinism, durability, money that adds up, requests that make no sense."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.chains.addresses import InvalidAddressError, validate
from chalicelib.chains.hdkeys import deposit_address
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from sandbox.chain.errors import ChainRequestError, UnknownBlockchainError, UnknownTransactionError
from sandbox.chain.keys import hot_wallet_address
from sandbox.chain.networks import BLOCKCHAINS
from sandbox.chain.node import SimNode
from sandbox.hd_keys import deposit_xpubs

ROOT = Path(__file__).parents[2]
ALICE = deposit_address("TRX", deposit_xpubs(1)["TRX"], 0)
BOB = deposit_address("TRX", deposit_xpubs(1)["TRX"], 1)


class FixedClock:
    def now(self) -> float:
        return 1_800_000_000.0


@pytest.fixture
def node(tmp_path):
    node = SimNode(tmp_path / "chains.sqlite", 1, FixedClock())
    yield node
    node.close()


def story(path: Path, seed: int) -> list:
    node = SimNode(path, seed, FixedClock())
    txid = node.transfer("TRX", ALICE, "USDT", 5)
    node.mine("TRX")
    dropped = node.transfer("TRX", ALICE, "USDT", 5)
    node.mine("TRX")
    node.reorg("TRX", 1, [dropped])
    stolen = node.transfer("TRX", BOB, "USDT", 1)
    thief = node.doublespend("TRX", stolen)
    hashes = [node.block_hash("TRX", height) for height in range(node.height("TRX") + 1)]
    node.close()
    return [txid, dropped, stolen, thief, *hashes]


def test_the_same_seed_and_story_give_the_same_hashes(tmp_path):
    first = story(tmp_path / "a", 1)
    assert len(set(first)) == len(first)
    assert story(tmp_path / "b", 1) == first
    assert not set(story(tmp_path / "c", 2)) & set(first)


def test_every_chain_begins_with_a_block_to_stand_on(node):
    for blockchain in BLOCKCHAINS:
        head = node.head(blockchain)
        assert head.height == 1
        assert head.hash.startswith("0x") == (FAMILY_OF[blockchain] == "EVM")
    assert len({node.block_hash(blockchain, 0) for blockchain in BLOCKCHAINS}) == 7


def test_the_final_block_lies_twenty_deep(node):
    for _ in range(24):
        node.mine("TRX")
    assert node.head("TRX").final_height == 5


def test_state_lasts_over_a_restart(tmp_path):
    path = tmp_path / "chains.sqlite"
    node = SimNode(path, 1, FixedClock())
    mined = node.transfer("TRX", ALICE, "USDT", 5)
    node.mine("TRX")
    waiting = node.transfer("TRX", ALICE, "USDT", 6)
    before = (node.head("TRX"), node.address_transfers("TRX", ALICE), node.balance("TRX", ALICE, "USDT"))
    node.close()
    again = SimNode(path, 1, FixedClock())
    assert (
        again.head("TRX"),
        again.address_transfers("TRX", ALICE),
        again.balance("TRX", ALICE, "USDT"),
    ) == before
    assert again.status("TRX", mined).state == "mined"
    assert again.status("TRX", waiting).state == "mempool"
    again.close()


KILLED = """
import sys
from pathlib import Path
from chalicelib.clock import SystemClock
from sandbox.chain.node import SimNode
node = SimNode(Path(sys.argv[1]), 1, SystemClock())
while True:
    for _ in range(3):
        node.transfer("TRX", sys.argv[2], "USDT", 1)
    print(node.mine("TRX"), flush=True)
"""


def test_kill_9_in_the_middle_of_mining_loses_no_block_and_splits_none(tmp_path):
    path = tmp_path / "chains.sqlite"
    command = [sys.executable, "-c", KILLED, str(path), ALICE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        seen = 0
        while seen < 30:
            seen = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else seen
    node = SimNode(path, 1, FixedClock())
    height = node.height("TRX")
    assert height >= acknowledged
    assert [len(node.transfers("TRX", each, each)) for each in range(2, height + 1)] == [3] * (height - 1)
    assert node.balance("TRX", ALICE, "USDT") == 3 * (height - 1)
    node.close()


def test_several_outputs_are_several_transfers_of_one_transaction(node):
    txid = node.transfer_many("TRX", [(ALICE, "USDT", 1), (BOB, "TRX", 2), (ALICE, "USDT", 3)])
    node.mine("TRX")
    found = [(each.txid, each.index, each.to, each.units) for each in node.transfers("TRX", 2, 2)]
    assert found == [(txid, 0, ALICE, 1), (txid, 1, BOB, 2), (txid, 2, ALICE, 3)]
    view = node.transaction("TRX", txid)
    assert (view.height, view.confirmations, [leg.units for leg in view.outputs]) == (2, 1, [1, 2, 3])


def test_balances_follow_blocks_and_reorganisations(node):
    txid = node.transfer("TRX", ALICE, "usdt", 5)
    assert node.balance("TRX", ALICE, "USDT") == 0
    node.mine("TRX")
    assert node.balance("TRX", ALICE, "USDT") == 5
    node.reorg("TRX", 1)
    assert node.balance("TRX", ALICE, "USDT") == 5
    node.reorg("TRX", 1, [txid])
    assert node.balance("TRX", ALICE, "USDT") == 0
    with pytest.raises(UnknownTransactionError):
        node.transaction("TRX", txid)
    assert node.address_transfers("TRX", ALICE) == []


def test_an_addresss_transfers_show_depth_and_what_waits(node):
    old = node.transfer("TRX", ALICE, "USDT", 5)
    node.mine("TRX")
    node.mine("TRX")
    new = node.transfer("TRX", ALICE, "USDT", 6)
    views = node.address_transfers("TRX", ALICE)
    assert [(each.txid, each.direction, each.height, each.confirmations) for each in views] == [
        (old, "in", 2, 2),
        (new, "in", None, 0),
    ]


def test_addresses_are_canonical_however_they_are_spelt(node):
    address = deposit_address("EVM", deposit_xpubs(1)["EVM"], 0)
    node.transfer("ETH", address.lower(), "USDT", 5)
    node.mine("ETH")
    assert [transfer.to for transfer in node.transfers("ETH", 2, 2)] == [address]
    assert node.balance("ETH", address.lower(), "USDT") == 5


def test_a_doublespend_pays_a_valid_address_of_nobody(node):
    stolen = node.transfer("TRX", ALICE, "USDT", 5)
    thief = node.doublespend("TRX", stolen)
    node.mine("TRX")
    (output,) = node.transaction("TRX", thief).outputs
    assert output.address not in (ALICE, BOB)
    assert validate(output.address, "TRX").address == output.address
    assert output.units == 5


def test_hot_wallets_can_be_funded_and_have_a_valid_address(node):
    for blockchain in BLOCKCHAINS:
        address = node.fund_hot_wallet(blockchain, NATIVE_TOKEN_OF[blockchain], 10**24)
        assert address == hot_wallet_address(1, blockchain)
        assert validate(address, FAMILY_OF[blockchain]).address == address
        assert node.balance(blockchain, address, NATIVE_TOKEN_OF[blockchain]) == 10**24


@pytest.mark.parametrize("depth", [-1, 0, 2])
def test_a_depth_that_does_not_fit_is_refused(node, depth):
    with pytest.raises(ChainRequestError, match="depth"):
        node.reorg("TRX", depth)


def test_requests_that_make_no_sense_are_refused_and_change_nothing(node):
    mined = node.transfer("TRX", ALICE, "USDT", 5)
    node.mine("TRX")
    node.mine("TRX")
    before = node.head("TRX")
    with pytest.raises(ChainRequestError, match="in none of the blocks"):
        node.reorg("TRX", 1, [mined])
    with pytest.raises(UnknownTransactionError):
        node.reorg("TRX", 1, ["ff"])
    with pytest.raises(ChainRequestError, match="is in block 2"):
        node.doublespend("TRX", mined)
    with pytest.raises(UnknownTransactionError):
        node.doublespend("TRX", "ff")
    with pytest.raises(ChainRequestError):
        node.set_payouts("TRX", "lost")
    with pytest.raises(ChainRequestError):
        node.transfer("TRX", ALICE, "USDT", -1)
    with pytest.raises(InvalidAddressError):
        node.transfer("TRX", "nobody", "USDT", 1)
    with pytest.raises(ChainRequestError):
        node.rebroadcast("TRX", mined)
    with pytest.raises(UnknownBlockchainError):
        node.mine("DOGE")
    assert node.head("TRX") == before
    assert node.waiting_transfers("TRX") == []


def test_a_transaction_is_double_spent_only_once(node):
    txid = node.transfer("TRX", ALICE, "USDT", 5)
    node.doublespend("TRX", txid)
    with pytest.raises(ChainRequestError, match="spent already"):
        node.doublespend("TRX", txid)


def test_a_block_of_a_thousand_transfers_is_read_whole(node):
    with_many = [(ALICE, "USDT", units) for units in range(1000)]
    for output in with_many:
        node.transfer("TRX", *output[:2], output[2])
    node.mine("TRX")
    assert len(node.transfers("TRX", 2, 2)) == 1000
