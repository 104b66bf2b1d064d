"""Serving in a thread of its own, on the loopback address alone, until told to stop."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 5.0
BACKLOG = 256  # Python's own is 5: a burst of clients would wait a second for a lost connection


class Gate:
    """Lets requests in until it is closed, and knows how many are inside: connections outlive their server."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    def enter(self) -> bool:
        """Let a request in; False when the server is about to stop."""
        with self._changed:
            self._inside += not self._is_closed
            return not self._is_closed

    def leave(self) -> None:
        """Note that a request has been answered."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def close(self, seconds: float) -> None:
        """Let nobody in any more, and wait so long for those inside."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: not self._inside, seconds)


class HttpServer:
    """A bound HTTP server: it answers between ``start`` and ``stop``."""

    def __init__(self, server: HTTPServer, gate: Gate, name: str) -> None:
        self._server = server
        self._gate = gate
        server.socket.listen(BACKLOG)
        self._thread = threading.Thread(target=server.serve_forever, args=(0.1,), name=name, daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, answer those that are being answered, and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._gate.close(GRACE_SECONDS)
        self._server.server_close()


class LoopbackServer(ThreadingHTTPServer):
    """One thread for each connection; none of them holds up a stop."""

    daemon_threads = True
    block_on_close = False


def bind(handler: type[BaseHTTPRequestHandler], port: int, name: str) -> HttpServer:
    """Bind a port of the loopback address.

    Raises:
        OSError: the port is in use.
    """
    gate = Gate()
    bound = type("BoundHandler", (handler,), {"gate": gate})
    return HttpServer(LoopbackServer((LOOPBACK, port), bound), gate, name)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
