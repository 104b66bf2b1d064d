"""The fake node's HTTP: a POST of one JSON object to a path, on 127.0.0.1. In an outage connections break."""

import json
from email.message import Message

from sandbox.fake_tron.errors import NodeDownError
from sandbox.fake_tron.node import FakeTronNode
from sandbox.loopback_server import LOOPBACK, LoopbackServer


class FakeTronServer(LoopbackServer):
    """Serves one fake node until it is stopped."""

    def __init__(self, node: FakeTronNode, port: int = 0) -> None:
        self._node = node
        super().__init__(self._respond, "fake TRON node", port=port)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def _respond(self, path: str, body: bytes, _: Message) -> tuple[int, bytes] | None:
        try:
            status, answer = 200, self._node.answer(path, json.loads(body or b"{}"))
        except NodeDownError:
            return None
        except (ValueError, KeyError):
            status, answer = 404, {}
        return status, json.dumps(answer, separators=(",", ":")).encode()
