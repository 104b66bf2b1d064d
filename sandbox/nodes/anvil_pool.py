"""What waits in anvil's mempool, in the order it came, with its bytes: anvil forgets what it cannot mine."""

from dataclasses import asdict, dataclass
from typing import Any

from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError
from sandbox.nodes.notebook import Notebook

_SEEN, _WAITING, _FIRST_PRICE = "seen", "waiting", "first price"


@dataclass(frozen=True, slots=True)
class EvmTransaction:
    """A transaction as it was handed in; ``price_wei`` is the most that it pays for a unit of gas."""

    txid: str
    raw: str
    sender: str
    nonce: int
    to: str
    units: int
    data: str
    gas: int
    price_wei: int

    @property
    def slot(self) -> str:
        """What it spends: no two transactions of a slot can be mined."""
        return f"{self.sender}:{self.nonce}"


class AnvilPool:
    """The transactions that wait, and every one that ever did."""

    def __init__(self, rpc: JsonRpc, notebook: Notebook) -> None:
        self._rpc, self._notebook = rpc, notebook

    def observe(self) -> None:
        """Write down what is new in the mempool; what was pushed out by a dearer one waits no longer."""
        known = self.waiting()
        waiting = {each["hash"]: each for each in self._content()}
        for txid in waiting.keys() - known.keys():
            found = self._read(waiting[txid])
            for rival in known.values():
                if rival.slot == found.slot:
                    self.forget(rival.txid)
            self._notebook.put(_SEEN, txid, asdict(found))
            self._notebook.put(_WAITING, txid, self._notebook.next_count())
            if self._notebook.get(_FIRST_PRICE, found.slot) is None:
                self._notebook.put(_FIRST_PRICE, found.slot, found.price_wei)

    def waiting(self) -> dict[str, EvmTransaction]:
        """Return what waits, in the order of arrival."""
        order = self._notebook.all(_WAITING)
        return {txid: self.seen(txid) for txid in sorted(order, key=order.__getitem__)}

    def knows(self, txid: str) -> bool:
        """Tell whether that transaction ever waited."""
        return self._notebook.get(_SEEN, txid) is not None

    def seen(self, txid: str) -> EvmTransaction:
        """Return a transaction that ever waited."""
        return EvmTransaction(**self._notebook.get(_SEEN, txid))

    def is_raised(self, transaction: EvmTransaction) -> bool:
        """Tell whether it pays more than the first one that came for its slot."""
        return transaction.price_wei > int(self._notebook.get(_FIRST_PRICE, transaction.slot))

    def send(self, raw: str) -> None:
        """Hand bytes to the node and write them down."""
        self._rpc.ask("eth_sendRawTransaction", raw)
        self.observe()

    def take_out(self, txid: str) -> None:
        """Take one out of the node's mempool; it still counts as waiting."""
        self._rpc.ask("anvil_dropTransaction", txid)

    def put_back(self) -> None:
        """Have all that waits in the node's mempool again; what cannot be mined any more waits no longer."""
        there = {each["hash"] for each in self._content()}
        for txid, transaction in self.waiting().items():
            if txid in there:
                continue
            try:
                self._rpc.ask("eth_sendRawTransaction", transaction.raw)
            except NodeSaysNoError:  # mined, or its slot is used, or what it spends is gone
                self.forget(txid)

    def forget(self, txid: str) -> None:
        """Let it wait no longer."""
        self._notebook.remove(_WAITING, txid)

    def _content(self) -> list[dict[str, Any]]:
        content = self._rpc.ask("txpool_content")
        by_sender = [*content["pending"].values(), *content["queued"].values()]
        return [transaction for each in by_sender for transaction in each.values()]

    def _read(self, told: dict[str, Any]) -> EvmTransaction:
        raw = self._rpc.ask("eth_getRawTransactionByHash", told["hash"])
        price = told.get("maxFeePerGas") or told["gasPrice"]
        return EvmTransaction(
            txid=told["hash"],
            raw=raw,
            sender=told["from"],
            nonce=int(told["nonce"], 16),
            to=told["to"],
            units=int(told["value"], 16),
            data=told["input"],
            gas=int(told["gas"], 16),
            price_wei=int(price, 16),
        )
