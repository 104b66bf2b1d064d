"""A node on loopback that answers JSON-RPC and TRON's paths, and misbehaves in one way at a time."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = {"Content-Type": "application/json"}


class FaultyNode:
    """``chain_id``, ``height`` and ``blocks`` are what it tells; ``fault`` is what it does instead."""

    def __init__(self, *, chain_id: str = "0x1", height: int = 100, tls: ssl.SSLContext | None = None) -> None:
        self.chain_id, self.height = chain_id, height
        self.blocks: dict[int, str] = {}
        self.fault: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.refusal: dict[str, Any] | None = None
        self.refusal_status = 200
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.paths: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def url_with(self, userinfo: str = "", path: str = "") -> str:
        at = f"{userinfo}@" if userinfo else ""
        return f"http://{at}127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, method: str) -> int:
        return self.asked.count(method)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        method, params = question["method"], question["params"]
        self.asked.append(method)
        head = {"jsonrpc": "2.0", "id": question["id"]}
        if self.refusal is not None and method not in {"eth_chainId", "eth_blockNumber"}:
            return head | {"error": self.refusal}
        answers: dict[str, Callable[[], Any]] = {
            "eth_chainId": lambda: self.chain_id,
            "eth_blockNumber": lambda: hex(self.height),
            "block": lambda: self.blocks.get(params[0]),
            "echo": lambda: params,
            "name": lambda: self._server.server_port,
            "getblockhash": lambda: self.chain_id,
            "getblockcount": lambda: self.height,
        }
        if method not in answers:
            return head | {"error": {"code": -32601, "message": "no such method"}}
        return head | {"result": answers[method]()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Say nothing: askers hang up on purpose here."""


def _handler_of(node: FaultyNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            node.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            node.headers.append(dict(self.headers))
            node.paths.append(self.path)
            self.body = body
            if node.fault is not None:
                node.fault(self)
                return
            asked = json.loads(body)
            if isinstance(asked, list):
                said: Any = [node.answer(each) for each in reversed(asked)]
                status = 200
            else:
                said = node.answer(asked)
                status = node.refusal_status if "error" in said else 200
            send(self, status, json.dumps(said).encode(), JSON)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    handler.send_response_only(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


def answers(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Every question is answered alike."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: send(handler, status, body, named)


def hangs(handler: BaseHTTPRequestHandler) -> None:
    """Answers nothing until the asker hangs up."""
    handler.connection.settimeout(10)
    handler.connection.recv(1)
    handler.close_connection = True


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Sends a byte now and then, for ever: no single read of it times out."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    handler.wfile.flush()
    stop = threading.Event()
    try:
        while not stop.wait(0.01):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


def resets(handler: BaseHTTPRequestHandler) -> None:
    """Breaks the connection off with a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id": 1, "result"')
    handler.wfile.flush()
    handler.close_connection = True
