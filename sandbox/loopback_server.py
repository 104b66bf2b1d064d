"""What every node of the sandbox is served by: POSTs answered on 127.0.0.1, in threads, connections kept alive."""

import threading
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = "127.0.0.1"
STOP_POLL_SECONDS = 0.02

Respond = Callable[[str, bytes, Message], tuple[int, bytes] | None]
"""Gives status and JSON for a path, a body and headers; None breaks the connection, as in an outage."""


class LoopbackServer:
    """Serves until it is stopped.

    Args:
        respond: gives the answers.
        name: what its thread is called.
        most_body_bytes: no more of a request is read.
        port: of 127.0.0.1; 0 for any that is free.
    """

    def __init__(self, respond: Respond, name: str, most_body_bytes: int = 1 << 20, port: int = 0) -> None:
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.respond, self._server.most_body_bytes = respond, most_body_bytes
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name=name, daemon=True
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A thread that waits on a kept-alive connection must not hold up a stop.
    block_on_close = False
    respond: Respond
    most_body_bytes: int


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        """Answer one question."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), self.server.most_body_bytes) if length.isdecimal() else 0)
        answer = self.server.respond(self.path, body, self.headers)
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the sandbox's terminal is for the person at it."""
