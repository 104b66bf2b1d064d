"""The hands' own way to ask a node: no part of the product, so that neither can hide the other's mistakes."""

import base64
import http.client
import json
import threading
from decimal import Decimal
from typing import Any

TIMEOUT_SECONDS = 60.0


class NodeSaysNoError(Exception):
    """The node understood the question and refuses; the message is its own."""


class JsonRpc:
    """Asks one node over kept-alive connections, one a thread."""

    def __init__(self, host: str, port: int, *, login: str = "") -> None:
        self.host, self.port = host, port
        self._headers = {"Content-Type": "application/json"}
        if login:
            self._headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        self._own = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one question and return its result; numbers with a point are Decimal.

        Raises:
            NodeSaysNoError: the node refuses.
            OSError: it does not answer.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._answer(self._post(json.dumps(request, default=_number).encode()))
        if answer.get("error") is not None:
            raise NodeSaysNoError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def close(self) -> None:
        """Close all connections."""
        while self._all:
            self._all.pop().close()

    def _answer(self, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body, parse_float=Decimal)
        except ValueError as error:
            raise ConnectionError("the node answers no JSON") from error
        if not isinstance(answer, dict):
            raise ConnectionError("the node answers nonsense")
        return answer

    def _post(self, body: bytes) -> bytes:
        connection = self._connection()
        is_reused = connection.sock is not None
        try:
            return self._exchange(connection, body)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if is_reused and not isinstance(error, TimeoutError):  # it may have died unseen since its last use
                return self._exchange(connection, body)
            raise ConnectionError(f"the node does not answer: {error}") from error

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> bytes:
        connection.request("POST", "/", body, self._headers)
        return connection.getresponse().read()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
            self._own.connection = connection
            self._all.append(connection)
        return connection


def _number(value: object) -> float | str:
    if isinstance(value, Decimal):
        return str(value)  # bitcoind and litecoind read amounts from text as well
    raise TypeError(f"{type(value).__name__} cannot be sent")
