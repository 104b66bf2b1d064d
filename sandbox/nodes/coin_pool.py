"""What waits in the mempool of bitcoind or litecoind, in the order it came, and how a miner can be rid of it.

These nodes have no command that drops a transaction. But they forget what has waited for too long, and their time
is ours to set: a jump ahead, a block and its withdrawal empty the mempool; what is to stay is handed in anew.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.nodes.coin_daemon import EXPIRY_HOURS
from sandbox.nodes.coin_transaction import Outpoint
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError
from sandbox.nodes.notebook import Notebook

JUMP_SECONDS = (EXPIRY_HOURS + 2) * 3600
_SEEN, _ARRIVED, _FIRST_RATE = "seen", "arrived", "first rate"


class CoinPool:
    """The transactions that wait, and the bytes of every one that ever did."""

    def __init__(self, rpc: JsonRpc, notebook: Notebook) -> None:
        self._rpc, self._notebook = rpc, notebook

    def observe(self) -> dict[str, dict[str, Any]]:
        """Write down what is new in the mempool, and return all that the node tells of it."""
        waiting: dict[str, dict[str, Any]] = self._rpc.ask("getrawmempool", True)
        new = [txid for txid in waiting if self._notebook.get(_ARRIVED, txid) is None]
        for txid in sorted(new, key=lambda each: int(waiting[each]["ancestorcount"])):
            self._notebook.put(_SEEN, txid, self._rpc.ask("getrawtransaction", txid))
            self._notebook.put(_ARRIVED, txid, self._notebook.next_count())
            for outpoint in self._spent(txid):
                if self._notebook.get(_FIRST_RATE, outpoint) is None:
                    self._notebook.put(_FIRST_RATE, outpoint, rate_of(waiting[txid]))
        return waiting

    def in_order(self, txids: Iterable[str]) -> list[str]:
        """Return transactions in the order of their arrival: no child before its parent."""
        return sorted(txids, key=lambda txid: int(self._notebook.get(_ARRIVED, txid)))

    def knows(self, txid: str) -> bool:
        """Tell whether that transaction ever waited."""
        return self._notebook.get(_SEEN, txid) is not None

    def raw(self, txid: str) -> str:
        """Return the bytes of one that ever waited."""
        return str(self._notebook.get(_SEEN, txid))

    def spent_by(self, txid: str) -> list[Outpoint]:
        """Return the coins that one which ever waited spends."""
        pairs = [outpoint.split(":") for outpoint in self._spent(txid)]
        return [(txid, int(index)) for txid, index in pairs]

    def is_raised(self, txid: str, told: dict[str, Any]) -> bool:
        """Tell whether it pays more than the first one that came for one of its coins."""
        return any(rate_of(told) > float(self._notebook.get(_FIRST_RATE, each)) for each in self._spent(txid))

    def send(self, raw: str) -> str:
        """Hand bytes to the node and write them down; returns their id."""
        txid = str(self._rpc.ask("sendrawtransaction", raw, 0))
        self.observe()
        return txid

    def put_back(self, raws: Iterable[str]) -> list[str]:
        """Hand in what may be mined again; returns the ids of what the node takes."""
        taken = []
        for raw in raws:
            try:
                taken.append(str(self._rpc.ask("sendrawtransaction", raw, 0)))
            except NodeSaysNoError:  # what it spends is gone
                continue
        self.observe()
        return taken

    def empty(self, now: int, descriptor: str) -> None:
        """Have the node forget all that waits.

        Args:
            now: the node's time, in Unix seconds, to go back to.
            descriptor: pays for the block that is made and withdrawn; no block was paid so before.
        """
        self._rpc.ask("setmocktime", now + JUMP_SECONDS)
        self._rpc.ask("invalidateblock", self._rpc.ask("generateblock", descriptor, [])["hash"])
        self._rpc.ask("setmocktime", now)
        left = self._rpc.ask("getrawmempool")
        assert not left, left

    def _spent(self, txid: str) -> list[str]:
        decoded = self._rpc.ask("decoderawtransaction", self.raw(txid))
        return [f"{each['txid']}:{each['vout']}" for each in decoded["vin"]]


def rate_of(told: dict[str, Any]) -> float:
    """Return what a waiting transaction pays for a virtual byte, in smallest units."""
    return float(told["fees"]["base"]) * 1e8 / int(told["vsize"])
