"""The node's own protocol: JSON over HTTP on 127.0.0.1, one POST per question, connections kept alive.

``POST /{blockchain}`` with ``{"method": …, "params": {…}}`` is answered 200 ``{"result": …}``; what the node
refuses 409 ``{"error": …}``, what it does not understand 400. In an outage the connection just breaks.
"""

import json
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.chains.adapter import Transfer
from sandbox.chain.errors import NodeDownError
from sandbox.chain.node import SimNode

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 1 << 20
MOST_HASHES = 1_000
STOP_POLL_SECONDS = 0.02


class NodeServer:
    """Serves one node to its clients, in threads of its own, until it is stopped."""

    def __init__(self, node: SimNode, port: int = 0) -> None:
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.node = node
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="simulated node", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port; the node itself stays open."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A thread that waits on a kept-alive connection must not hold up a stop.
    block_on_close = False
    node: SimNode


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        """Answer one question."""
        try:
            status, answer = self._answer(self.rfile.read(self._length()))
        except NodeDownError:
            self.close_connection = True
            return
        body = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the sandbox's terminal is for the person at it."""

    def _length(self) -> int:
        length = self.headers.get("Content-Length", "")
        return min(int(length), MAX_BODY_BYTES) if length.isdecimal() else 0

    def _answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        node, blockchain = self.server.node, self.path.strip("/")
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
