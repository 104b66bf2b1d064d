"""The fake TRON node behind the contract suite's interface, spoken to over its HTTP API."""

from chalicelib.chains.hdkeys import deposit_address
from chalicelib.chains.networks import TRX
from chalicelib.chains.providers.tron_http import TronHttpNode
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.tron.adapter import TronAdapter
from sandbox.chain.keys import hot_wallet_address, hot_wallet_key
from sandbox.fake_tron.hand import TronHand
from sandbox.fake_tron.node import FakeTronNode
from sandbox.fake_tron.server import FakeTronServer
from sandbox.hd_keys import deposit_xpubs
from tests.chains.backend import HandBackend

SEED = 7
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
USDC = "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8"
TOKENS = {"USDT": USDT, "USDC": USDC}
HOT_WALLET_UNITS = 10**15


class TronBackend(HandBackend):
    def __init__(self, token: str = "USDT") -> None:
        self.token, self.time = token, 0.0
        if token == "TRX":
            self.no_revert = "TRX moves without a contract that could fail"
            self.no_big_amounts = "TRX is counted in 63 bits"
        self.node = FakeTronNode(list(TOKENS.values()), lambda: self.time)
        self.hand = TronHand(self.node, TOKENS)
        self.server = FakeTronServer(self.node)
        self.server.start()
        self.http = TronHttpNode(self.server.url)
        self.adapter = TronAdapter(self.http, TOKENS)
        self.signer = LocalSigner(hot_wallet_key(SEED, TRX))
        self.hot_wallet = hot_wallet_address(SEED, TRX)
        self._addresses = 0
        for funded in {token, "TRX"}:
            self.hand.fund(self.hot_wallet, funded, HOT_WALLET_UNITS)

    def close(self) -> None:
        self.http.close()
        self.server.stop()

    def new_address(self) -> str:
        self._addresses += 1
        return deposit_address(TRX, deposit_xpubs(SEED)[TRX], self._addresses)

    def wait(self, seconds: float) -> None:
        self.time += seconds
