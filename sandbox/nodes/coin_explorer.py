"""What a block explorer would show of Bitcoin's and Litecoin's chains, out of their nodes' blocks."""

from typing import Any

from sandbox.chain.errors import UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.chain.store import IN, OUT, Leg
from sandbox.nodes.coin_strangers import units_of
from sandbox.nodes.coin_transaction import address_of
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError


class CoinExplorer:
    """Looks transactions and addresses up; blocks are read once, until a reorganisation replaces them."""

    def __init__(self, rpc: JsonRpc, family: str) -> None:
        self._rpc, self._family = rpc, family
        self._blocks: list[list[dict[str, Any]]] = []
        self._outputs: dict[tuple[str, int], Leg] = {}

    def height(self) -> int:
        """Return the height of the newest block."""
        return int(self._rpc.ask("getblockcount"))

    def block(self, height: int) -> list[dict[str, Any]]:
        """Return a block's transactions as the node tells them, in its order."""
        while len(self._blocks) <= height:
            told = self._rpc.ask("getblock", self._rpc.ask("getblockhash", len(self._blocks)), 2)
            for transaction in told["tx"]:
                self._note(transaction)
            self._blocks.append(told["tx"])
        return self._blocks[height]

    def forget_above(self, height: int) -> None:
        """Read the blocks above that one anew."""
        del self._blocks[height + 1 :]

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""
        try:
            told = self._rpc.ask("getrawtransaction", txid, True)
        except NodeSaysNoError:
            raise UnknownTransactionError(txid) from None
        height = None
        if told.get("confirmations"):
            height = int(self._rpc.ask("getblockheader", told["blockhash"])["height"])
        elif txid not in self._rpc.ask("getrawmempool"):
            raise UnknownTransactionError(txid)
        confirmations = self.height() - height + 1 if height is not None else 0
        return TransactionView(txid, height, confirmations, ok=True, outputs=self._incoming(told))

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first, what waits in the mempool included."""
        top = self.height()
        found: list[TransferView] = []
        for height in range(top + 1):
            for told in self.block(height):
                found += self._views(told, address, height, top - height + 1)
        for txid in self._rpc.ask("getrawmempool"):
            told = self._rpc.ask("getrawtransaction", txid, True)
            self._note(told)
            found += self._views(told, address, None, 0)
        return found

    def _views(self, told: dict[str, Any], address: str, height: int | None, depth: int) -> list[TransferView]:
        legs = [*self._incoming(told), *self._outgoing(told)]
        return [
            TransferView(told["txid"], leg.direction, leg.token, leg.units, height, depth)
            for leg in legs
            if leg.address == address
        ]

    def _note(self, told: dict[str, Any]) -> None:
        for leg in self._incoming(told):
            self._outputs[told["txid"], leg.index] = leg

    def _incoming(self, told: dict[str, Any]) -> list[Leg]:
        named = [
            (each["n"], address_of(bytes.fromhex(each["scriptPubKey"]["hex"]), self._family), each["value"])
            for each in told["vout"]
        ]
        return [Leg(IN, index, to, self._family, units_of(value)) for index, to, value in named if to]

    def _outgoing(self, told: dict[str, Any]) -> list[Leg]:
        spent = [self._outputs.get((each.get("txid", ""), each.get("vout", -1))) for each in told["vin"]]
        return [Leg(OUT, index, leg.address, leg.token, leg.units) for index, leg in enumerate(spent) if leg]
