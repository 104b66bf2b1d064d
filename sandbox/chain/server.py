"""The node's own protocol: JSON over HTTP on 127.0.0.1, one POST per question, connections kept alive.

``POST /{blockchain}`` with ``{"method": …, "params": {…}}`` is answered 200 ``{"result": …}``; what the node
refuses 409 ``{"error": …}``, what it does not understand 400. In an outage the connection just breaks.
"""

import json
from dataclasses import asdict
from email.message import Message
from typing import Any

from chalicelib.chains.adapter import Transfer
from sandbox.chain.errors import NodeDownError
from sandbox.chain.node import SimNode
from sandbox.loopback_server import LoopbackServer

MOST_HASHES = 1_000


class NodeServer(LoopbackServer):
    """Serves one node to its clients until it is stopped; the node itself stays open."""

    def __init__(self, node: SimNode, port: int = 0) -> None:
        self._node = node
        super().__init__(self._respond, "simulated node", port=port)

    def _respond(self, path: str, body: bytes, _: Message) -> tuple[int, bytes] | None:
        try:
            status, answer = self._answer(path.strip("/"), body)
        except NodeDownError:
            return None
        return status, json.dumps(answer, separators=(",", ":")).encode()

    def _answer(self, blockchain: str, body: bytes) -> tuple[int, dict[str, Any]]:
        node = self._node
        try:
            request = json.loads(body)
            method, params = _METHODS[request["method"]], request["params"]
            node.check_up(blockchain)
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"not understood: {error}"}
        try:
            return 200, {"result": method(node, blockchain, params)}
        except (ValueError, KeyError, TypeError) as error:
            return 409, {"error": str(error)}


def _head(node: SimNode, blockchain: str, _: dict[str, Any]) -> dict[str, Any]:
    return asdict(node.head(blockchain))


def _block_hash(node: SimNode, blockchain: str, params: dict[str, Any]) -> str | None:
    return node.block_hash(blockchain, params["height"])


def _block_hashes(node: SimNode, blockchain: str, params: dict[str, Any]) -> list[str | None]:
    heights = range(params["first"], params["last"] + 1)
    return [node.block_hash(blockchain, height) for height in heights[:MOST_HASHES]]


def _transfers(node: SimNode, blockchain: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    return [_transfer(each) for each in node.transfers(blockchain, params["first"], params["last"])]


def _mempool(node: SimNode, blockchain: str, _: dict[str, Any]) -> list[dict[str, Any]]:
    return [_transfer(each) for each in node.waiting_transfers(blockchain)]


def _status(node: SimNode, blockchain: str, params: dict[str, Any]) -> dict[str, Any]:
    status = asdict(node.status(blockchain, params["txid"], params.get("spends")))
    return status | {"fee_units": None if status["fee_units"] is None else str(status["fee_units"])}


def _fee(node: SimNode, blockchain: str, params: dict[str, Any]) -> dict[str, Any]:
    token, units = node.fee(blockchain, params["token"])
    return {"token": token, "units": str(units)}


def _balance(node: SimNode, blockchain: str, params: dict[str, Any]) -> str:
    return str(node.balance(blockchain, params["address"], params["token"]))


def _next_sequence(node: SimNode, blockchain: str, params: dict[str, Any]) -> int:
    return node.next_sequence(blockchain, params["address"])


def _broadcast(node: SimNode, blockchain: str, params: dict[str, Any]) -> str:
    return node.broadcast(blockchain, bytes.fromhex(params["raw"]))


def _transfer(transfer: Transfer) -> dict[str, Any]:
    """Write the units as text: JSON's readers elsewhere would round wei to a float."""
    return asdict(transfer) | {"units": str(transfer.units)}


_METHODS = {
    "head": _head,
    "block_hash": _block_hash,
    "block_hashes": _block_hashes,
    "transfers": _transfers,
    "mempool": _mempool,
    "status": _status,
    "fee": _fee,
    "balance": _balance,
    "next_sequence": _next_sequence,
    "broadcast": _broadcast,
}
