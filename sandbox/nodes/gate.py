"""A gate between the product and a node: it can refuse everybody, and lets nobody see the hands at work.

A real miner's block, or a real reorganisation, is there at once. Here it takes the hand several questions: while
it asks them, the product's wait at the gate. An outage is a gate that breaks every connection.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from urllib.parse import urlsplit

from chalicelib.clock import Clock
from sandbox.loopback_server import LOOPBACK, LoopbackServer

MAX_BODY_BYTES = 64 << 20
NODE_SECONDS = 60.0
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
        self._server = LoopbackServer(self._respond, "node gate", MAX_BODY_BYTES, port)
        login = f"{node.username}:{node.password}@" if node.username else ""
        self.url = f"http://{login}{LOOPBACK}:{self._server.port}"
        """What the product's adapter is given as its node's address."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.stop()
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

    def _respond(self, _: str, body: bytes, headers: Message) -> tuple[int, bytes] | None:
        return self.pass_on(body, {name: headers[name] for name in _PASSED_ON if name in headers})

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
