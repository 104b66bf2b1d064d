"""Price servers on loopback that answer in the shapes that the public ones publish, and misbehave as they do."""

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.currencies.sources.binance import Binance
from chalicelib.currencies.sources.coinbase import Coinbase
from chalicelib.currencies.sources.coingecko import CoinGecko
from chalicelib.currencies.sources.kraken import Kraken

BODIES = Path(__file__).with_name("bodies")
SOURCES: Mapping[str, Any] = {each.name: each for each in (CoinGecko, Kraken, Binance, Coinbase)}
RECORDED_AT = 1_790_000_000.0  # the bodies' times lie a little before it, which is where tests' clocks begin


def body(name: str) -> Any:
    """What a server answers on a good day; Coinbase's is an answer for each currency asked for."""
    return json.loads((BODIES / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Answer:
    """What a server says next: a value as JSON, or bytes as they are."""

    says: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return self.says if isinstance(self.says, bytes) else json.dumps(self.says).encode()


class Server:
    """One price server. ``answer`` may be replaced: it is given path and parameters."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.goes_on = threading.Event()
        self.begin_anew(name)

    def begin_anew(self, name: str) -> None:
        """Forget the last test; whoever still hangs from it goes on."""
        self.goes_on.set()
        self.goes_on = threading.Event()
        self.answer = good(name)
        self.hangs = False
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []

    def always(self, says: Any = b"", status: int = 200, **headers: str) -> None:
        """From now on it answers this, whatever it is asked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _path, _query: Answer(says, status, named)


def good(name: str, said: Any = None) -> Callable[[str, dict[str, str]], Answer]:
    """The answers of a good day, in which ``said`` stands for the recorded body."""
    recorded = copy.deepcopy(body(name)) if said is None else said

    def answer(_path: str, query: dict[str, str]) -> Answer:
        if name != "coinbase":
            return Answer(recorded)
        known = recorded.get(query["currency"])
        refusal = {"errors": [{"id": "invalid_request", "message": f"Invalid currency ({query['currency']})"}]}
        return Answer(known) if known else Answer(refusal, 400)

    return answer


@contextmanager
def served(name: str) -> Iterator[Server]:
    """A server that has a good day until a test says otherwise."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            server.asked.append((parts.path, query))
            server.headers.append({key.lower(): value for key, value in self.headers.items()})
            if server.hangs:
                server.goes_on.wait(30)
                self.close_connection = True
                return
            answer = server.answer(parts.path, query)
            self.send_response(answer.status)
            for key, value in {"Content-Length": str(len(answer.raw)), **answer.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(answer.raw)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that hung up is what some tests want."""

    listener = Listener(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{listener.server_port}", name)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.goes_on.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
