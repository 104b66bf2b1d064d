"""The hand on an anvil node: the strangers, the miner and the accidents of one EVM chain."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from chalicelib.chains.networks import EVM_CHAIN_ID_OF, NATIVE_TOKEN_OF
from chalicelib.clock import Clock
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.nodes.anvil_pool import AnvilPool, EvmTransaction
from sandbox.nodes.anvil_tokens import AnvilTokens
from sandbox.nodes.evm_explorer import EvmExplorer
from sandbox.nodes.evm_strangers import EvmStrangers
from sandbox.nodes.evm_transaction import account_of, signed_transfer, transfer_call
from sandbox.nodes.gate import Gate
from sandbox.nodes.hand import OUTCOMES
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError
from sandbox.nodes.notebook import Notebook

FIRST_BLOCK = 1
BASE_FEE_WEI = 10**9
_FUNDS = "funds"


class AnvilHand:
    """Implements ``ChainHand`` for ETH, BSC, ARB or MATIC."""

    def __init__(
        self,
        blockchain: str,
        rpc: JsonRpc,
        gate: Gate,
        *,
        tokens: Mapping[str, str],
        clock: Clock,
        notebook: Notebook,
        keys: Iterable[bytes] = (),
    ) -> None:
        """Take a node in hand; a new one is given its tokens' contracts and a first block.

        Args:
            blockchain: which chain the node plays.
            rpc: asks the node, past the gate.
            gate: what the product asks the node through.
            tokens: each token's contract, by upper-case symbol.
            clock: the blocks' time.
            notebook: lies with the node's chain.
            keys: private keys of ours, for double spends of payouts.
        """
        self._rpc, self._gate, self._clock, self._notebook = rpc, gate, clock, notebook
        self._chain_id = EVM_CHAIN_ID_OF[blockchain]
        self._tokens = AnvilTokens(rpc, NATIVE_TOKEN_OF[blockchain], tokens)
        self._strangers = EvmStrangers(self._chain_id, self._tokens, notebook)
        self._pool = AnvilPool(rpc, notebook)
        self._explorer = EvmExplorer(rpc, self._tokens)
        self._keys = {account_of(key).lower(): key for key in keys}
        self.base_fee_wei = BASE_FEE_WEI
        gate.after_broadcast = self._pool.observe
        self.break_for = gate.break_for
        if self.height() < FIRST_BLOCK:
            self._tokens.deploy()
            self._mine_block([], set())
        self._pool.put_back()  # the node's mempool does not outlive it

    def pay(self, address: str, token: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id."""
        with self._gate.held():
            raw = self._strangers.pay(address, token.upper(), units)
            return self._send(raw)

    def pay_again(self, txid: str) -> None:
        """Broadcast a stranger's dropped transaction again."""
        self._check_waits_nowhere(txid)
        if not self._strangers.paid(txid):
            raise ChainRequestError(f"The transaction {txid} is no stranger's.")
        with self._gate.held():
            self._strangers.provide_for(txid)
            self._send(self._strangers.payment(txid).raw)

    def mine(self, count: int = 1) -> None:
        """Make blocks of what waits and is not held back."""
        for _ in range(count):
            with self._gate.held():
                self._pool.observe()
                ready = self._ready()
                reverted = self._payouts(ready) if self._payouts_outcome() == "revert" else []
                self._mine_block(ready, {each.txid for each in reverted})

    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the last blocks by new ones without the dropped transactions."""
        base = self.height() - depth
        if depth < 1 or base < FIRST_BLOCK:
            raise ChainRequestError(f"The depth must be 1 to {self.height() - FIRST_BLOCK}.")
        with self._gate.held():
            self._pool.observe()
            blocks = [self._in_block(height) for height in range(base + 1, base + depth + 1)]
            self._check_droppable(drop, blocks)
            reverted = {each.txid for block in blocks for each in block if not self._explorer.is_ok(each.txid)}
            self._roll_back(depth, base)
            for txid in drop:
                self._pool.forget(txid)
            for block in blocks:
                self._mine_again([each for each in block if each.txid not in drop], reverted)

    def doublespend(self, txid: str) -> str:
        """Replace a transaction that is in no block by a dearer one that pays to elsewhere."""
        if not self._pool.knows(txid):
            raise UnknownTransactionError(txid)
        with self._gate.held():
            told = self._rpc.ask("eth_getTransactionByHash", txid)
            if told is not None and told["blockNumber"] is not None:
                raise ChainRequestError(f"The transaction {txid} is in a block: reorganise that away first.")
            raw = self._strangers.rival(txid) if self._strangers.paid(txid) else self._rival_of_ours(txid)
            return self._send(raw)

    def set_payouts(self, outcome: str) -> None:
        """Say what the next blocks do with payouts: all that no stranger sends."""
        if outcome not in OUTCOMES:
            raise ChainRequestError(f"The outcome must be one of {', '.join(OUTCOMES)}.")
        self._notebook.put("", "payouts", outcome)

    def fund(self, address: str, token: str, units: int) -> None:
        """Give an address coins as if it had always had them."""
        with self._gate.held():
            self._add(address, token.upper(), units)
            number = str(self._notebook.next_count())
            self._notebook.put(_FUNDS, number, [self.height(), address, token.upper(), units])

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks."""
        return self._tokens.balance(address, token.upper())

    def height(self) -> int:
        """Return the height of the newest block."""
        return self._explorer.height()

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""
        return self._explorer.transaction(txid)

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first."""
        return self._explorer.address_transfers(address)

    def _payouts_outcome(self) -> str:
        return str(self._notebook.get("", "payouts", "ok"))

    def _payouts(self, transactions: Iterable[EvmTransaction]) -> list[EvmTransaction]:
        return [each for each in transactions if not self._strangers.is_stranger(each.sender)]

    def _ready(self) -> list[EvmTransaction]:
        """Return what the next block takes: a payout that is stuck also holds up those with later numbers."""
        waiting = list(self._pool.waiting().values())
        if self._payouts_outcome() != "stuck":
            return waiting
        stuck = [each for each in self._payouts(waiting) if not self._pool.is_raised(each)]
        first: dict[str, int] = {}
        for each in stuck:
            first[each.sender] = min(each.nonce, first.get(each.sender, each.nonce))
        return [each for each in waiting if each.nonce < first.get(each.sender, each.nonce + 1)]

    def _mine_block(self, ready: list[EvmTransaction], reverted: set[str]) -> None:
        taken = {each.txid for each in ready}
        for txid in self._pool.waiting():
            if txid not in taken:
                self._pool.take_out(txid)
        self._prepare_block()
        with self._reverting([each for each in ready if each.txid in reverted]):
            self._rpc.ask("evm_mine")
        for told in self._explorer.block(self.height()):
            self._pool.forget(told["hash"])
        self._pool.put_back()

    def _mine_again(self, block: list[EvmTransaction], reverted: set[str]) -> None:
        for transaction in block:
            if self._strangers.paid(transaction.txid):
                self._strangers.provide_for(transaction.txid)
            self._send(transaction.raw)
        self._mine_block(block, reverted)

    def _prepare_block(self) -> None:
        newest = self._rpc.ask("eth_getBlockByNumber", "latest", False)
        at = max(int(self._clock.now()), int(newest["timestamp"], 16) + 1)
        self._rpc.ask("evm_setNextBlockTimestamp", at)
        self._rpc.ask("anvil_setNextBlockBaseFeePerGas", hex(self.base_fee_wei))
        # A reorganised block that holds the same must be another block: another miner made it.
        self._rpc.ask("anvil_setCoinbase", f"0x{self._notebook.get('', 'reorganisations', 0) + 1:040x}")

    @contextmanager
    def _reverting(self, transactions: list[EvmTransaction]) -> Iterator[None]:
        for each in transactions:
            self._tokens.set_reverting(each.sender, each.to, reverting=True)
        yield
        for each in transactions:
            self._tokens.set_reverting(each.sender, each.to, reverting=False)

    def _roll_back(self, depth: int, base: int) -> None:
        for txid in self._pool.waiting():
            self._pool.take_out(txid)
        self._rpc.ask("anvil_rollback", depth)
        self._tokens.deploy()  # what anvil read from its file lacks the contracts' code
        self._explorer.forget_above(base)
        self._notebook.put("", "reorganisations", self._notebook.get("", "reorganisations", 0) + 1)
        for height, address, token, units in self._notebook.all(_FUNDS).values():
            if height > base:
                self._add(address, token, units)
        for txid in filter(self._strangers.paid, self._pool.waiting()):
            self._strangers.provide_for(txid)

    def _in_block(self, height: int) -> list[EvmTransaction]:
        return [self._pool.seen(told["hash"]) for told in self._explorer.block(height)]

    def _check_droppable(self, drop: list[str], blocks: list[list[EvmTransaction]]) -> None:
        there = {each.txid for block in blocks for each in block} | self._pool.waiting().keys()
        for txid in drop:
            if not self._pool.knows(txid):
                raise UnknownTransactionError(txid)
            if txid not in there:
                raise ChainRequestError(f"The transaction {txid} is in none of the blocks that this replaces.")

    def _check_waits_nowhere(self, txid: str) -> None:
        if not self._pool.knows(txid):
            raise UnknownTransactionError(txid)
        if self._rpc.ask("eth_getTransactionByHash", txid) is not None:
            raise ChainRequestError(f"The transaction {txid} was not dropped.")

    def _rival_of_ours(self, txid: str) -> str:
        victim = self._pool.seen(txid)
        key = self._keys.get(victim.sender.lower())
        if key is None:
            raise ChainRequestError(f"Nobody here has the key that signed {txid}.")
        elsewhere = account_of(bytes(31) + b"\x07")
        to, data = elsewhere, b""
        if self._tokens.token_at(victim.to):
            to, data = victim.to, transfer_call(elsewhere, int(victim.data[-64:], 16))
        price = 2 * max(victim.price_wei, self.base_fee_wei)
        raw, _ = signed_transfer(key, self._chain_id, victim.nonce, to, victim.units, data, victim.gas, price)
        return "0x" + raw.hex()

    def _add(self, address: str, token: str, units: int) -> None:
        self._tokens.give(address, token, self._tokens.balance(address, token) + units)

    def _send(self, raw: str) -> str:
        try:
            txid: str = self._rpc.ask("eth_sendRawTransaction", raw)
        except NodeSaysNoError as refusal:
            raise ChainRequestError(f"The node refuses: {refusal}") from refusal
        self._pool.observe()
        return txid
