"""The hand on litecoind or bitcoind: the strangers, the miner and the accidents of one chain of coins."""

import hashlib
from collections.abc import Iterable
from typing import Any

from chalicelib.chains.networks import FAMILY_OF
from chalicelib.clock import Clock
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.nodes.coin_explorer import CoinExplorer
from sandbox.nodes.coin_pool import CoinPool
from sandbox.nodes.coin_strangers import CoinStrangers, descriptor, units_of
from sandbox.nodes.coin_transaction import script_of
from sandbox.nodes.gate import Gate
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError
from sandbox.nodes.notebook import Notebook

FIRST_BLOCK = 201
"""Below it lies what the strangers' coins are made of: no reorganisation goes there."""


class CoinHand:
    """Implements ``ChainHand`` for BTC and LTC; nothing that is mined there can be reverted."""

    def __init__(
        self,
        blockchain: str,
        rpc: JsonRpc,
        gate: Gate,
        *,
        clock: Clock,
        notebook: Notebook,
        keys: Iterable[bytes] = (),
    ) -> None:
        """Take a node in hand; on a new one, mine the blocks that the strangers' coins come from.

        Args:
            blockchain: ``BTC`` or ``LTC``.
            rpc: asks the node, past the gate.
            gate: what the product asks the node through.
            clock: the blocks' time.
            notebook: lies with the node's chain.
            keys: private keys of ours, for double spends of payouts.
        """
        self._rpc, self._gate, self._clock, self._notebook = rpc, gate, clock, notebook
        self._family = FAMILY_OF[blockchain]
        self._strangers = CoinStrangers(rpc, self._family, notebook, keys)
        self._pool = CoinPool(rpc, notebook)
        self._explorer = CoinExplorer(rpc, self._family)
        gate.after_broadcast = self._observe
        self.break_for = gate.break_for
        if self.height() < FIRST_BLOCK:
            self._set_time()
            self._rpc.ask("generatetodescriptor", FIRST_BLOCK - 1, self._strangers.descriptor)
            self._make_block([self._pool.send(self._strangers.fill_purses())])

    def pay(self, address: str, token: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id."""
        self._check_token(token)
        with self._gate.held():
            txid = self._send(self._strangers.pay(address, units))
            self._strangers.remember(txid)
            return txid

    def pay_again(self, txid: str) -> None:
        """Broadcast a stranger's dropped transaction again."""
        with self._gate.held():
            if self._place_of(txid) is not None or not self._strangers.paid(txid):
                raise ChainRequestError(f"The transaction {txid} is no stranger's that was dropped.")
            self._send(self._pool.raw(txid))

    def mine(self, count: int = 1) -> None:
        """Make blocks of what waits and is not held back."""
        for _ in range(count):
            with self._gate.held():
                self._make_block(self._ready(self._pool.observe()))

    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the last blocks by new ones without the dropped transactions."""
        top = self.height()
        base = top - depth
        if depth < 1 or base < FIRST_BLOCK:
            raise ChainRequestError(f"The depth must be 1 to {top - FIRST_BLOCK}.")
        with self._gate.held():
            waiting = self._pool.in_order(self._pool.observe())
            blocks = [self._in_block(height) for height in range(base + 1, top + 1)]
            self._check_droppable(drop, [waiting, *blocks])
            self._rpc.ask("invalidateblock", self._rpc.ask("getblockhash", base + 1))
            self._explorer.forget_above(base)
            self._empty_pool()
            self._notebook.put("", "reorganisations", self._reorganisations() + 1)
            for block in blocks:
                self._make_block(self._put_back(block, drop))
            self._put_back(waiting, drop)

    def doublespend(self, txid: str) -> str:
        """Replace a transaction that is in no block by one that pays to elsewhere."""
        with self._gate.held():
            place = self._place_of(txid)
            if place is not None and place != "mempool":
                raise ChainRequestError(f"The transaction {txid} is in a block: reorganise that away first.")
            if place == "mempool":  # litecoind replaces nothing: make room first
                waiting = self._pool.in_order(self._pool.observe())
                self._empty_pool()
                self._put_back(waiting, [txid])
            spent = self._pool.spent_by(txid)
            rival = self._send(self._strangers.rival(spent, self._worth(spent), self._notebook.next_count()))
            self._strangers.remember(rival)
            return rival

    def set_payouts(self, outcome: str) -> None:
        """Say what the next blocks do with payouts: all that no stranger sends.

        Raises:
            ChainRequestError: nothing can be reverted on this chain.
        """
        if outcome not in ("ok", "stuck"):
            raise ChainRequestError("The outcome must be one of ok, stuck: nothing is reverted on this chain.")
        self._notebook.put("", "payouts", outcome)

    def fund(self, address: str, token: str, units: int) -> None:
        """Give an address a coin that it can spend at once: a block is mined that holds nothing else."""
        with self._gate.held():
            self._make_block([self.pay(address, token, units)])

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks."""
        self._check_token(token)
        named = descriptor(self._rpc, script_of(address, self._family))
        return units_of(self._rpc.ask("scantxoutset", "start", [named])["total_amount"])

    def height(self) -> int:
        """Return the height of the newest block."""
        return self._explorer.height()

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""
        return self._explorer.transaction(txid)

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first."""
        with self._gate.held():
            return self._explorer.address_transfers(address)

    def _in_block(self, height: int) -> list[str]:
        """Return the transactions of a block without the one that pays its miner."""
        txids: list[str] = self._rpc.ask("getblock", self._rpc.ask("getblockhash", height), 1)["tx"]
        return txids[1:]

    def _observe(self) -> None:
        self._pool.observe()

    def _ready(self, waiting: dict[str, dict[str, Any]]) -> list[str]:
        """Return what the next block takes: a payout that is stuck waits until it, or its child, pays more."""
        if self._notebook.get("", "payouts", "ok") == "ok":
            return self._pool.in_order(waiting)
        stuck = {txid for txid, told in waiting.items() if self._is_stuck(txid, told, waiting)}
        ready = [txid for txid in waiting if txid not in stuck and not _parents(txid, waiting) & stuck]
        return self._pool.in_order(ready)

    def _is_stuck(self, txid: str, told: dict[str, Any], waiting: dict[str, dict[str, Any]]) -> bool:
        if self._strangers.paid(txid) or self._pool.is_raised(txid, told):
            return False
        parents = [waiting[each] for each in told["depends"]]
        children = [waiting[each] for each in told["spentby"]]
        pays_for_parent = any(_rate(told) > _rate(parent) for parent in parents)
        return not pays_for_parent and not any(_rate(child) > _rate(told) for child in children)

    def _make_block(self, txids: list[str]) -> None:
        self._set_time()
        self._rpc.ask("generateblock", self._miners_descriptor(), txids)

    def _miners_descriptor(self) -> str:
        """Name who is paid for a block: another after each reorganisation, or its blocks might be the old ones."""
        return self._descriptor_of(f"the miner after {self._reorganisations()} reorganisations")

    def _descriptor_of(self, name: str) -> str:
        return descriptor(self._rpc, b"\0\x14" + hashlib.sha256(name.encode()).digest()[:20])

    def _reorganisations(self) -> int:
        return int(self._notebook.get("", "reorganisations", 0))

    def _empty_pool(self) -> None:
        self._pool.empty(self._now(), self._descriptor_of(f"withdrawn block {self._notebook.next_count()}"))

    def _put_back(self, txids: list[str], without: list[str]) -> list[str]:
        return self._pool.put_back(self._pool.raw(txid) for txid in txids if txid not in without)

    def _set_time(self) -> None:
        self._rpc.ask("setmocktime", self._now())

    def _now(self) -> int:
        return int(self._clock.now())

    def _worth(self, spent: list[tuple[str, int]]) -> int:
        outputs = [self._rpc.ask("getrawtransaction", txid, True)["vout"][index] for txid, index in spent]
        return sum(units_of(each["value"]) for each in outputs)

    def _place_of(self, txid: str) -> str | None:
        """Return ``mempool``, the block's hash, or None for one that was dropped."""
        if not self._pool.knows(txid):
            raise UnknownTransactionError(txid)
        if txid in self._rpc.ask("getrawmempool"):
            return "mempool"
        try:
            told = self._rpc.ask("getrawtransaction", txid, True)
        except NodeSaysNoError:
            return None
        return str(told["blockhash"]) if told.get("confirmations") else None

    def _check_droppable(self, drop: list[str], places: list[list[str]]) -> None:
        there = {txid for place in places for txid in place}
        for txid in drop:
            if not self._pool.knows(txid):
                raise UnknownTransactionError(txid)
            if txid not in there:
                raise ChainRequestError(f"The transaction {txid} is in none of the blocks that this replaces.")

    def _check_token(self, token: str) -> None:
        if token.upper() != self._family:
            raise ChainRequestError(f"There is no token {token} on this chain.")

    def _send(self, raw: str) -> str:
        try:
            return self._pool.send(raw)
        except NodeSaysNoError as refusal:
            raise ChainRequestError(f"The node refuses: {refusal}") from refusal


def _rate(told: dict[str, Any]) -> float:
    return float(told["fees"]["base"]) / int(told["vsize"])


def _parents(txid: str, waiting: dict[str, dict[str, Any]]) -> set[str]:
    """Return all that a waiting transaction depends on, directly or not."""
    direct = {each for each in waiting[txid]["depends"] if each in waiting}
    return direct.union(*(_parents(each, waiting) for each in direct)) if direct else direct
