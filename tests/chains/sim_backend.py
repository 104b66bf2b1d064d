"""The simulated node behind the contract suite's interface, spoken to over its own HTTP protocol."""

from chalicelib.chains.hdkeys import deposit_address
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.sim.adapter import SimAdapter
from chalicelib.chains.sim.client import SimClient
from sandbox.chain.keys import hot_wallet_address, hot_wallet_key
from sandbox.chain.node import SimNode
from sandbox.chain.server import NodeServer
from sandbox.hd_keys import deposit_xpubs
from sandbox.loopback_server import LOOPBACK
from tests.chains.backend import ChainBackend

SEED = 7


class MovableClock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time


class SimBackend(ChainBackend):
    def __init__(self, path, blockchain: str, token: str = "USDT") -> None:
        self.blockchain, self.token, self.clock = blockchain, token, MovableClock()
        self.node = SimNode(path, SEED, self.clock)
        self.server = NodeServer(self.node)
        self.server.start()
        self.client = SimClient(LOOPBACK, self.server.port, blockchain)
        self.adapter = SimAdapter(blockchain, self.client)
        self.signer = LocalSigner(hot_wallet_key(SEED, blockchain))
        self.hot_wallet = hot_wallet_address(SEED, blockchain)
        self._addresses = 0
        for funded in {token, NATIVE_TOKEN_OF[blockchain]}:
            self.node.fund_hot_wallet(blockchain, funded, 10**20)

    def close(self) -> None:
        self.client.close()
        self.server.stop()
        self.node.close()

    def new_address(self) -> str:
        self._addresses += 1
        family = FAMILY_OF[self.blockchain]
        return deposit_address(family, deposit_xpubs(SEED)[family], self._addresses)

    def pay(self, address: str, units: int) -> str:
        return self.node.transfer(self.blockchain, address, self.token, units)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.node.mine(self.blockchain)

    def reorg(self, depth: int, drop: list[str]) -> None:
        self.node.reorg(self.blockchain, depth, drop)

    def doublespend(self, txid: str) -> None:
        self.node.doublespend(self.blockchain, txid)

    def pay_again(self, txid: str) -> None:
        self.node.rebroadcast(self.blockchain, txid)

    def set_payouts(self, outcome: str) -> None:
        self.node.set_payouts(self.blockchain, outcome)

    def break_for(self, seconds: float) -> None:
        self.node.set_outage(self.blockchain, seconds)

    def wait(self, seconds: float) -> None:
        self.clock.time += seconds
