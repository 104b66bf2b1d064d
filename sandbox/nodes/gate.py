"""A gate between the product and a node: it can refuse everybody, and lets nobody see the hands at work.

A real miner's block, or a real reorganisation, is there at once. Here it takes the hand several questions: while
it asks them, the product's wait at the gate. An outage is a gate that breaks every connection.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from chalicelib.clock import Clock

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 64 << 20
NODE_SECONDS = 60.0
STOP_POLL_SECONDS = 0.02
_BROADCASTS = (b"eth_sendRawTransaction", b"sendrawtransaction")
_PASSED_ON = ("Authorization", "Content-Type")


class Gate:
    """Passes HTTP requests on to a node, one at a time, in threads of its own, until it is stopped."""

    def __init__(self, node_url: str, clock: Clock, port: int = 0) -> None:
        """Open the gate's port.

        Args:
            node_url: where the node is; a login in it becomes part of the gate's own address.
            clock: the time that outages end by.
            port: of 127.0.0.1; 0 for any that is free.
        """
        node = urlsplit(node_url)
        self._clock = clock
        self._refuses_until = 0.0
        self._lock = threading.RLock()
        self.after_broadcast: Callable[[], None] = lambda: None
        """Called, with the gate held, after a transaction was handed to the node."""
        self._node = http.client.HTTPConnection(node.hostname or LOOPBACK, node.port, timeout=NODE_SECONDS)
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.gate = self
        login = f"{node.username}:{node.password}@" if node.username else ""
        self.url = f"http://{login}{LOOPBACK}:{self._server.server_address[1]}"
        """What the product's adapter is given as its node's address."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="node gate", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            self._node.close()

    def break_for(self, seconds: float) -> None:
        """Break every connection for so long, by the clock; 0 ends an outage."""
        self._refuses_until = self._clock.now() + seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let everybody wait while a hand does several things that shall look like one."""
        with self._lock:
            yield

    def pass_on(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """Return the node's status and answer; None while nobody is answered, or when the node is gone."""
        if self._clock.now() < self._refuses_until:
            return None
        with self._lock:
            try:
                answer = self._ask(body, headers)
            except (OSError, http.client.HTTPException):
                return None
            if any(word in body for word in _BROADCASTS):
                self.after_broadcast()
            return answer

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        is_reused = self._node.sock is not None
        try:
            return self._exchange(body, headers)
        except (OSError, http.client.HTTPException):
            self._node.close()
            if not is_reused:  # a kept connection may have died unseen; a question can be asked twice
                raise
            return self._exchange(body, headers)

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self._node.request("POST", "/", body, headers)
        response = self._node.getresponse()
        return response.status, response.read()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A thread that waits on a kept-alive connection must not hold up a stop.
    block_on_close = False
    gate: Gate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        """Pass one request on."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), MAX_BODY_BYTES) if length.isdecimal() else 0)
        headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        answer = self.server.gate.pass_on(body, headers)
        if answer is None:
            self.close_connection = True
            return
        self.send_response_only(answer[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the sandbox's terminal is for the person at it."""
