"""What a block explorer would show of an EVM chain, out of its node's blocks: plain transfers, coin and token."""

from typing import Any

from chalicelib.chains.evm_address import checksummed, keccak256
from sandbox.chain.errors import UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.chain.store import IN, OUT, Leg
from sandbox.nodes.anvil_tokens import AnvilTokens
from sandbox.nodes.json_rpc import JsonRpc

_TRANSFER = "0x" + keccak256(b"transfer(address,uint256)")[:4].hex()
_CALL_CHARACTERS = len(_TRANSFER) + 128


class EvmExplorer:
    """Looks transactions and addresses up; blocks are read once, until a reorganisation replaces them."""

    def __init__(self, rpc: JsonRpc, tokens: AnvilTokens) -> None:
        self._rpc, self._tokens = rpc, tokens
        self._blocks: list[list[dict[str, Any]]] = []

    def height(self) -> int:
        """Return the height of the newest block."""
        return int(self._rpc.ask("eth_blockNumber"), 16)

    def block(self, height: int) -> list[dict[str, Any]]:
        """Return a block's transactions as the node tells them, in its order."""
        while len(self._blocks) <= height:
            told = self._rpc.ask("eth_getBlockByNumber", hex(len(self._blocks)), True)
            self._blocks.append(told["transactions"])
        return self._blocks[height]

    def forget_above(self, height: int) -> None:
        """Read the blocks above that one anew."""
        del self._blocks[height + 1 :]

    def is_ok(self, txid: str) -> bool:
        """Tell whether a mined transaction did what it was for."""
        return int(self._rpc.ask("eth_getTransactionReceipt", txid)["status"], 16) == 1

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""
        told = self._rpc.ask("eth_getTransactionByHash", txid)
        if told is None:
            raise UnknownTransactionError(txid)
        outputs = [leg for leg in self._legs(told) if leg.direction == IN]
        height = _height(told)
        ok = height is None or self.is_ok(txid)
        return TransactionView(txid, height, self._confirmations(height), ok, outputs)

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first; what was reverted moved nothing."""
        mined = [told for height in range(self.height() + 1) for told in self.block(height)]
        return [
            TransferView(told["hash"], leg.direction, leg.token, leg.units, _height(told), self._depth(told))
            for told in [*mined, *self._waiting()]
            for leg in self._legs(told)
            if leg.address.lower() == address.lower() and (_height(told) is None or self.is_ok(told["hash"]))
        ]

    def _waiting(self) -> list[dict[str, Any]]:
        pending = self._rpc.ask("txpool_content")["pending"].values()
        return [told for by_nonce in pending for told in by_nonce.values()]

    def _legs(self, told: dict[str, Any]) -> list[Leg]:
        sender, to, units, data = told["from"], told["to"], int(told["value"], 16), told["input"]
        legs = _both_ways(0, sender, to, self._tokens.native, units) if units else []
        token = self._tokens.token_at(to) if to else None
        if token and data.startswith(_TRANSFER) and len(data) == _CALL_CHARACTERS:
            receiver, moved = data[34:74], int(data[74:], 16)
            legs += _both_ways(1, sender, "0x" + receiver, token, moved)
        return legs

    def _depth(self, told: dict[str, Any]) -> int:
        return self._confirmations(_height(told))

    def _confirmations(self, height: int | None) -> int:
        return 0 if height is None else self.height() - height + 1


def _height(told: dict[str, Any]) -> int | None:
    return None if told.get("blockNumber") is None else int(told["blockNumber"], 16)


def _both_ways(index: int, sender: str, to: str, token: str, units: int) -> list[Leg]:
    spelt = [checksummed(bytes.fromhex(address[2:])) for address in (to, sender)]
    return [Leg(IN, index, spelt[0], token, units), Leg(OUT, index, spelt[1], token, units)]
