"""Anvil behind the contract suite's interface, asked through the gate as the product asks a real provider."""

from chalicelib.chains.evm.adapter import EvmAdapter
from chalicelib.chains.evm_address import checksummed
from chalicelib.chains.networks import EVM_CHAIN_ID_OF, NATIVE_TOKEN_OF
from chalicelib.chains.providers.json_rpc import JsonRpcNode
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.currencies.catalogue import load_catalogue
from sandbox.nodes.anvil import start_anvil
from sandbox.nodes.anvil_hand import AnvilHand
from sandbox.nodes.evm_transaction import account_of
from sandbox.nodes.gate import Gate
from sandbox.nodes.notebook import Notebook
from tests.chains.backend import HandBackend
from tests.chains.sim_backend import MovableClock

HOT_WALLET_KEY = bytes(31) + b"\x2a"


class AnvilBackend(HandBackend):
    """One fresh anvil; the hot wallet holds 10^27 units of the token and as many wei."""

    no_big_amounts = None

    def __init__(self, directory, blockchain: str, token: str) -> None:
        self.token, self.clock = token, MovableClock()
        tokens = tokens_of(blockchain)
        self.notebook = Notebook()
        self.process = start_anvil(directory, EVM_CHAIN_ID_OF[blockchain])
        self.gate = Gate(self.process.url, self.clock)
        self.hand = AnvilHand(
            blockchain,
            self.process.rpc,
            self.gate,
            tokens=tokens,
            clock=self.clock,
            notebook=self.notebook,
            keys=[HOT_WALLET_KEY],
        )
        self.node = JsonRpcNode(self.gate.url)
        self.adapter = EvmAdapter(blockchain, self.node, tokens)
        self.signer = LocalSigner(HOT_WALLET_KEY)
        self.hot_wallet = account_of(HOT_WALLET_KEY)
        self._addresses = 0
        for funded in {token, NATIVE_TOKEN_OF[blockchain]}:
            self.hand.fund(self.hot_wallet, funded, 10**27)
        self.hand.mine()

    def close(self) -> None:
        self.node.close()
        self.gate.stop()
        self.process.kill()
        self.notebook.close()

    def new_address(self) -> str:
        self._addresses += 1
        return checksummed(bytes([0xDE]) + self._addresses.to_bytes(19, "big"))

    def wait(self, seconds: float) -> None:
        self.clock.time += seconds


def tokens_of(blockchain: str) -> dict[str, str]:
    """Return the contracts of a chain's tokens as the product's own catalogue has them."""
    listed = load_catalogue().currencies_on(blockchain)
    return {currency.token: currency.contract for currency in listed if currency.contract}
