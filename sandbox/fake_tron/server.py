"""The fake node's HTTP: a POST of one JSON object to a path, on 127.0.0.1. In an outage connections break."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.fake_tron.errors import NodeDownError
from sandbox.fake_tron.node import FakeTronNode

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 1 << 20
STOP_POLL_SECONDS = 0.02


class FakeTronServer:
    """Serves one fake node, in threads of its own, until it is stopped."""

    def __init__(self, node: FakeTronNode, port: int = 0) -> None:
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.node = node
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="fake TRON node", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

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
    node: FakeTronNode


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_POST(self) -> None:
        """Answer one question."""
        try:
            body = json.loads(self.rfile.read(self._length()) or b"{}")
            status, answer = 200, self.server.node.answer(self.path, body)
        except NodeDownError:
            self.close_connection = True
            return
        except (ValueError, KeyError):
            status, answer = 404, {}
        content = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _length(self) -> int:
        length = self.headers.get("Content-Length", "")
        return min(int(length), MAX_BODY_BYTES) if length.isdecimal() else 0
