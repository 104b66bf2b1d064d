"""The hands on real nodes, where the contract suite does not look: restarts, explorers, funds, refusals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.chains.evm_address import checksummed
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.engine.child import EngineUnavailableError
from sandbox.nodes.anvil import start_anvil
from sandbox.nodes.anvil_hand import AnvilHand
from sandbox.nodes.coin_daemon import BITCOIND, LITECOIND, start_coin_daemon
from sandbox.nodes.coin_hand import CoinHand
from sandbox.nodes.gate import Gate
from sandbox.nodes.notebook import Notebook
from tests.chains.sim_backend import MovableClock
from tests.support.chain_summary import NO_NODE

pytestmark = pytest.mark.slow

TETHER = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
PAID_TO = {
    "ETH": checksummed(bytes(20 * [0xDE])),
    "BTC": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "LTC": "MVcg9uEvtWuP5N6V48EHfEtbz48qR8TKZ9",
}
TOKEN = {"ETH": "USDT", "BTC": "BTC", "LTC": "LTC"}


class Running:
    """A node with its hand, which can be stopped and started again."""

    def __init__(self, blockchain: str, directory: Path) -> None:
        self.blockchain, self.directory, self.clock = blockchain, directory, MovableClock()
        self.token, self.address = TOKEN[blockchain], PAID_TO[blockchain]
        self.start()

    def start(self) -> None:
        self.notebook = Notebook(self.directory / "notebook")
        if self.blockchain == "ETH":
            self.node = start_anvil(self.directory / "node", 1)
        else:
            daemon = {"BTC": BITCOIND, "LTC": LITECOIND}[self.blockchain]
            self.node = start_coin_daemon(daemon, self.directory / "node", self.clock.now())
        self.gate = Gate(self.node.url, self.clock)
        parts = {"clock": self.clock, "notebook": self.notebook}
        if self.blockchain == "ETH":
            self.hand = AnvilHand("ETH", self.node.rpc, self.gate, tokens={"USDT": TETHER}, **parts)
        else:
            self.hand = CoinHand(self.blockchain, self.node.rpc, self.gate, **parts)

    def stop(self) -> None:
        self.gate.stop()
        self.node.stop()
        self.notebook.close()


@pytest.fixture(params=["ETH", "LTC", "BTC"])
def running(request, tmp_path):
    try:
        node = Running(request.param, tmp_path)
    except EngineUnavailableError as error:
        pytest.skip(f"{NO_NODE}: {error}")
    yield node
    node.stop()


def test_chain_mempool_and_dropped_bytes_are_there_after_a_restart(running):
    hand, address, token = running.hand, running.address, running.token
    dropped, kept = hand.pay(address, token, 10_000), hand.pay(address, token, 20_000)
    hand.mine(2)
    hand.reorg(2, [dropped])
    waiting = hand.pay(address, token, 40_000)
    height = hand.height()
    running.stop()
    running.start()
    hand = running.hand
    assert (hand.height(), hand.balance(address, token)) == (height, 20_000)
    assert hand.transaction(waiting).height is None
    hand.reorg(2, [])
    hand.pay_again(dropped)
    hand.mine()
    assert hand.balance(address, token) == 70_000
    assert [hand.transaction(each).height for each in (kept, dropped, waiting)] == [
        height - 1,
        height + 1,
        height + 1,
    ]


def test_an_address_has_its_transfers_the_mempools_included(running):
    hand, address, token = running.hand, running.address, running.token
    first = hand.pay(address, token, 10_000)
    hand.mine(2)
    second = hand.pay(address, token, 20_000)
    shown = [(each.txid, each.direction, each.token, each.units) for each in hand.address_transfers(address)]
    assert shown == [(first, "in", token, 10_000), (second, "in", token, 20_000)]
    assert [each.confirmations for each in hand.address_transfers(address)] == [2, 0]
    outputs = [(leg.address, leg.token, leg.units) for leg in hand.transaction(first).outputs]
    assert (address, token, 10_000) in outputs
    assert hand.transaction(first).confirmations == 2


def test_what_a_reorganisation_dropped_is_shown_no_more_and_the_others_in_their_new_blocks(running):
    hand, address, token = running.hand, running.address, running.token
    dropped, kept = hand.pay(address, token, 10_000), hand.pay(address, token, 20_000)
    hand.mine(2)
    assert [each.txid for each in hand.address_transfers(address)] == [dropped, kept]
    hand.reorg(2, [dropped])
    assert [(each.txid, each.confirmations) for each in hand.address_transfers(address)] == [(kept, 2)]
    with pytest.raises(UnknownTransactionError):
        hand.transaction(dropped)
    assert hand.transaction(kept).confirmations == 2


def test_what_was_funded_outlives_a_reorganisation(running):
    hand, address, token = running.hand, running.address, running.token
    hand.mine(2)
    hand.fund(address, token, 30_000)
    assert hand.balance(address, token) == 30_000
    hand.mine()
    hand.reorg(2, [])
    assert hand.balance(address, token) == 30_000


def test_blocks_carry_the_clocks_time(running):
    running.clock.time += 5_000_000
    running.hand.mine()
    rpc = running.node.rpc
    if running.blockchain == "ETH":
        stamped = int(rpc.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    else:
        stamped = rpc.ask("getblockheader", rpc.ask("getbestblockhash"))["time"]
    assert stamped == int(running.clock.now())


def test_what_makes_no_sense_is_refused(running):
    hand, address, token = running.hand, running.address, running.token
    unknown = "0x" + "ab" * 32 if running.blockchain == "ETH" else "ab" * 32
    mined = hand.pay(address, token, 10_000)
    hand.mine(3)
    for refused in (
        lambda: hand.pay(address, "DOGE", 1),
        lambda: hand.pay(address, token, -1),
        lambda: hand.reorg(0, []),
        lambda: hand.reorg(10_000, []),
        lambda: hand.reorg(1, [mined]),
        lambda: hand.doublespend(mined),
        lambda: hand.pay_again(mined),
        lambda: hand.set_payouts("lost"),
    ):
        with pytest.raises(ChainRequestError):
            refused()
    for of_nothing in (hand.doublespend, hand.pay_again, hand.transaction, lambda txid: hand.reorg(1, [txid])):
        with pytest.raises(UnknownTransactionError):
            of_nothing(unknown)


def test_a_node_dies_with_its_owner_and_not_by_a_signal_to_all(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from sandbox.nodes.coin_daemon import LITECOIND, start_coin_daemon\n"
        "node = start_coin_daemon(LITECOIND, pathlib.Path(sys.argv[1]), 1_800_000_000)\n"
        "print(node.child.process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        node = int(owner.stdout.readline())
        os.kill(node, signal.SIGINT)
        os.kill(node, signal.SIGTERM)
        assert not _ends(node, seconds=1)
        assert "Shutdown" not in (tmp_path / "regtest/debug.log").read_text()
        owner.kill()
        owner.wait()
        assert _ends(node)


def _ends(pid: int, seconds: float = 10) -> bool:
    """Wait until a process that is no child of ours is gone, or dead and nobody's."""
    for _ in range(int(seconds / 0.02)):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        signal.sigtimedwait([], 0.02)
    return False
