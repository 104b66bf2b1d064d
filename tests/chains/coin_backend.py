"""Litecoind and bitcoind behind the contract suite's interface: one node for many tests, a new wallet for each."""

import hashlib
from itertools import count

from chalicelib.chains.adapter import HOT_WALLET_PATH, Coin
from chalicelib.chains.providers.json_rpc import JsonRpcNode
from chalicelib.chains.signers.derivation import account_key, read_path
from chalicelib.chains.utxo.adapter import UtxoAdapter
from sandbox.nodes.coin_daemon import CoinDaemon, start_coin_daemon
from sandbox.nodes.coin_hand import CoinHand
from sandbox.nodes.coin_transaction import COIN
from sandbox.nodes.gate import Gate
from sandbox.nodes.notebook import Notebook
from tests.chains.backend import HandBackend
from tests.chains.sim_backend import MovableClock
from tests.chains.utxo.account import AccountSigner

COINS = 4
COIN_UNITS = COIN // 10
_WALLET_NUMBERS = count()


class CoinChain:
    """A running node, its gate and the hand on it."""

    def __init__(self, daemon: CoinDaemon, blockchain: str, directory) -> None:
        self.blockchain, self.clock, self.notebook = blockchain, MovableClock(), Notebook()
        self.process = start_coin_daemon(daemon, directory, self.clock.now())
        self.gate = Gate(self.process.url, self.clock)
        self.our_keys: list[bytes] = []
        self.hand = CoinHand(
            blockchain,
            self.process.rpc,
            self.gate,
            clock=self.clock,
            notebook=self.notebook,
            keys=(_hot_wallet_key(seed, blockchain) for seed in _SEEDS),
        )

    def close(self) -> None:
        self.gate.stop()
        self.process.kill()
        self.notebook.close()


class CoinBackend(HandBackend):
    """A hot wallet of its own on a node that other tests have used: it has four coins of a tenth each."""

    no_revert = "nothing that is mined can fail where money lies in coins"
    no_big_amounts = "there are no more than 21 or 84 million coins"
    least_units = 6_000  # litecoind calls less than 2,940 dust where a witness key is paid, 5,460 elsewhere

    def __init__(self, chain: CoinChain) -> None:
        self.token, self.clock, self.hand, self.gate = chain.blockchain, chain.clock, chain.hand, chain.gate
        self.node = JsonRpcNode(chain.gate.url)
        self.adapter = UtxoAdapter(chain.blockchain, self.node)
        self.signer = AccountSigner(_SEEDS[next(_WALLET_NUMBERS)], chain.blockchain)
        self.hot_wallet = self.signer.address(HOT_WALLET_PATH)
        self._addresses = 0
        funded = [self.hand.pay(self.hot_wallet, self.token, COIN_UNITS) for _ in range(COINS)]
        self.hand.mine()
        self._coins = [Coin(f"{txid}:0", COIN_UNITS, HOT_WALLET_PATH, 1) for txid in funded]

    def close(self) -> None:
        """Leave a node that answers, and nothing that waits."""
        self.hand.break_for(0)
        self.hand.set_payouts("ok")
        self.hand.mine()
        self.node.close()

    def new_address(self) -> str:
        self._addresses += 1
        return self.signer.address(f"0/{self._addresses}")

    def wait(self, seconds: float) -> None:
        self.clock.time += seconds

    def coins(self, slot: int) -> list[Coin]:
        return [self._coins[slot]]


def _hot_wallet_key(seed: bytes, family: str) -> bytes:
    return account_key(seed, family).descendant(read_path(HOT_WALLET_PATH)).key


_SEEDS = [hashlib.sha512(f"wallet {number}".encode()).digest() for number in range(200)]
