"""The sandbox's chains on real nodes: anvil for the EVM chains, litecoind, and bitcoind where it can be had.

A chain whose node cannot be had here stays simulated, and it is said so.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from chalicelib.chains.adapter import HOT_WALLET_PATH
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.networks import EVM, EVM_CHAIN_ID_OF, FAMILY_OF
from chalicelib.chains.signers.derivation import account_key, read_path
from chalicelib.clock import Clock
from chalicelib.config import BLOCKCHAINS
from chalicelib.currencies.catalogue import load_catalogue
from sandbox import directory
from sandbox.chain import simulated
from sandbox.chain.chains import Chains, Wiring
from sandbox.chain.errors import ChainRequestError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.chain.keys import hot_wallet_address, hot_wallet_key
from sandbox.engine.child import EngineUnavailableError
from sandbox.hd_keys import deposit_xpubs, wallet_seed
from sandbox.nodes.anvil import start_anvil
from sandbox.nodes.anvil_hand import AnvilHand
from sandbox.nodes.coin_daemon import BITCOIND, LITECOIND, start_coin_daemon
from sandbox.nodes.coin_hand import CoinHand
from sandbox.nodes.gate import Gate
from sandbox.nodes.hand import ChainHand
from sandbox.nodes.notebook import Notebook

_DAEMON_OF = {"BTC": BITCOIND, "LTC": LITECOIND}


class RealChains:
    """All the blockchains: each by the hand on its node, the others simulated.

    Args:
        hands: blockchain to the hand on its node.
        hot_wallets: blockchain to the address that payouts leave.
        others: the simulated chains.
    """

    def __init__(self, hands: Mapping[str, ChainHand], hot_wallets: Mapping[str, str], others: Chains) -> None:
        self._hands, self._hot_wallets, self._others = hands, hot_wallets, others

    def transfer(self, blockchain: str, address: str, token: str, units: int) -> str:
        """Let someone pay; returns the transaction's id. It is in the next block."""
        hand = self._hands.get(blockchain)
        return (
            hand.pay(address, token, units) if hand else self._others.transfer(blockchain, address, token, units)
        )

    def mine(self, blockchain: str) -> int:
        """Mine one block and return its height."""
        hand = self._hands.get(blockchain)
        if hand is None:
            return self._others.mine(blockchain)
        hand.mine()
        return hand.height()

    def reorg(self, blockchain: str, depth: int, drop: list[str] | None = None) -> None:
        """Replace the last ``depth`` blocks; the dropped transactions leave chain and mempool."""
        hand = self._hands.get(blockchain)
        if hand is None:
            self._others.reorg(blockchain, depth, drop)
        else:
            hand.reorg(depth, drop or [])

    def doublespend(self, blockchain: str, txid: str) -> str:
        """Replace a transaction that is in no block; it can never be mined again. Returns the new one's id."""
        hand = self._hands.get(blockchain)
        return hand.doublespend(txid) if hand else self._others.doublespend(blockchain, txid)

    def set_payouts(self, blockchain: str, outcome: str) -> None:
        """Say what the next blocks do with payouts: ``ok``, ``revert``, or ``stuck`` until their fee is raised."""
        hand = self._hands.get(blockchain)
        if hand is None:
            self._others.set_payouts(blockchain, outcome)
        else:
            hand.set_payouts(outcome)

    def set_outage(self, blockchain: str, seconds: float) -> None:
        """Let the node refuse to answer for so long, by the sandbox's clock; 0 ends an outage."""
        hand = self._hands.get(blockchain)
        if hand is None:
            self._others.set_outage(blockchain, seconds)
        else:
            hand.break_for(seconds)

    def fund_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Put coins into the hot wallet; returns its address."""
        hand = self._hands.get(blockchain)
        if hand is None:
            return self._others.fund_hot_wallet(blockchain, token, units)
        hand.fund(self._hot_wallets[blockchain], token.upper(), units)
        return self._hot_wallets[blockchain]

    def set_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Bring the hot wallet up to so much; returns its address.

        Raises:
            ChainRequestError: it has more: nobody but the product can spend what lies on a real chain.
        """
        if blockchain not in self._hands:
            return self._others.set_hot_wallet(blockchain, token, units)
        missing_units = units - self.hot_wallet_balance(blockchain, token)
        if missing_units < 0:
            raise ChainRequestError("The hot wallet has more, and on a real chain only its key takes coins out.")
        return self.fund_hot_wallet(blockchain, token, missing_units)

    def hot_wallet_balance(self, blockchain: str, token: str) -> int:
        """Return what the hot wallet has in blocks."""
        hand = self._hands.get(blockchain)
        if hand is None:
            return self._others.hot_wallet_balance(blockchain, token)
        return hand.balance(self._hot_wallets[blockchain], token.upper())

    def transaction(self, blockchain: str, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has."""
        hand = self._hands.get(blockchain)
        return hand.transaction(txid) if hand else self._others.transaction(blockchain, txid)

    def address_transfers(self, blockchain: str, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first, what waits in the mempool included."""
        hand = self._hands.get(blockchain)
        return hand.address_transfers(address) if hand else self._others.address_transfers(blockchain, address)

    def height(self, blockchain: str) -> int:
        """Return the height of the newest block."""
        hand = self._hands.get(blockchain)
        return hand.height() if hand else self._others.height(blockchain)


def start(
    home: Path,
    seed: int,
    clock: Clock,
    stack: ExitStack,
    say: Callable[[str], None],
    blockchains: Iterable[str] = BLOCKCHAINS,
) -> tuple[RealChains, Wiring]:
    """Start every node that can be had; the stack stops them.

    Args:
        home: the sandbox's directory.
        seed: what keys are made from.
        clock: the blocks' time.
        stack: takes what must be stopped.
        say: tells the person how it goes.
        blockchains: which are to be real, where they can be.

    Returns:
        The chains, and how the product reaches them.
    """
    others, wiring = simulated.start(home, seed, clock, stack)
    started = _Started(home / directory.NODES, seed, clock, stack)
    for blockchain in blockchains:
        if blockchain == "TRX":
            say("TRX stays simulated: there is no TRON node that runs alone.")
            continue
        try:
            started.start(blockchain)
        except EngineUnavailableError as error:
            say(f"{blockchain} stays simulated: {error}")
    keys = {name: key for name, key in wiring.hot_wallet_keys.items() if name not in started.of_coins}
    real = Wiring({**wiring.nodes, **started.urls}, started.identities, keys, wiring.deposit_seeds)
    return RealChains(started.hands, started.hot_wallets, others), real


class _Started:
    """The nodes as they are started, one after the other."""

    def __init__(self, home: Path, seed: int, clock: Clock, stack: ExitStack) -> None:
        self._home, self._seed, self._clock, self._stack = home, seed, clock, stack
        self.hands: dict[str, ChainHand] = {}
        self.urls: dict[str, str] = {}
        self.identities: dict[str, str] = {}
        self.hot_wallets: dict[str, str] = {}

    @property
    def of_coins(self) -> list[str]:
        """The real chains whose money lies in coins."""
        return [blockchain for blockchain in self.hands if FAMILY_OF[blockchain] != EVM]

    def start(self, blockchain: str) -> None:
        """Start a blockchain's node with the chain of the last stop, and take it in hand."""
        home = self._home / blockchain.lower()
        home.mkdir(parents=True, exist_ok=True)
        notebook = Notebook(home / "notebook.sqlite")
        self._stack.callback(notebook.close)
        if FAMILY_OF[blockchain] == EVM:
            self._start_evm(blockchain, home, notebook)
        else:
            self._start_coins(blockchain, home, notebook)

    def _start_evm(self, blockchain: str, home: Path, notebook: Notebook) -> None:
        node = start_anvil(home / "node", EVM_CHAIN_ID_OF[blockchain])
        self._stack.callback(node.stop)
        gate = self._gate(blockchain, node.url)
        listed = load_catalogue().currencies_on(blockchain)
        self.hands[blockchain] = AnvilHand(
            blockchain,
            node.rpc,
            gate,
            tokens={currency.token: currency.contract for currency in listed if currency.contract},
            clock=self._clock,
            notebook=notebook,
            keys=[hot_wallet_key(self._seed, blockchain)],
        )
        self.hot_wallets[blockchain] = hot_wallet_address(self._seed, blockchain)

    def _start_coins(self, blockchain: str, home: Path, notebook: Notebook) -> None:
        family = FAMILY_OF[blockchain]
        node = start_coin_daemon(_DAEMON_OF[blockchain], home / "node", self._clock.now())
        self._stack.callback(node.stop)
        gate = self._gate(blockchain, node.url)
        own = account_key(wallet_seed(self._seed), family).descendant(read_path(HOT_WALLET_PATH)).key
        self.hands[blockchain] = CoinHand(
            blockchain, node.rpc, gate, clock=self._clock, notebook=notebook, keys=[own]
        )
        self.identities[blockchain] = str(node.rpc.ask("getblockhash", 0))
        xpub = deposit_xpubs(self._seed)[family]
        self.hot_wallets[blockchain] = address_at(family, xpub, HOT_WALLET_PATH)

    def _gate(self, blockchain: str, url: str) -> Gate:
        gate = Gate(url, self._clock)
        self._stack.callback(gate.stop)
        self.urls[blockchain] = gate.url
        return gate
