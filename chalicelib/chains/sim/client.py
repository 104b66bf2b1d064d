"""Speaks the simulated node's protocol over a kept-alive connection: every oddity is the one error."""

import http.client
import json
from collections import deque
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError, TransactionRefusedError

TIMEOUT_SECONDS = 3.0
MAX_ANSWER_BYTES = 32 << 20


class SimClient:
    """Asks one blockchain of the simulated node; idle connections are kept, one for each question at a time."""

    def __init__(self, host: str, port: int, blockchain: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._host, self._port, self._path = host, port, f"/{blockchain}"
        self._timeout_seconds = timeout_seconds
        self._idle: deque[http.client.HTTPConnection] = deque()

    def ask(self, method: str, **params: object) -> Any:
        """Ask one question and return the node's result.

        Raises:
            ChainUnavailableError: no answer in time, or nonsense.
            TransactionRefusedError: the node understood and says no.
        """
        status, answer = self._exchange(json.dumps({"method": method, "params": params}).encode())
        if status == http.client.CONFLICT:
            raise TransactionRefusedError(str(answer.get("error")))
        if status != http.client.OK or "result" not in answer:
            raise ChainUnavailableError(f"The node answered {status}.")
        return answer["result"]

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, body: bytes) -> tuple[int, dict[str, Any]]:
        connection, is_reused = self._connection()
        try:
            answer = self._send(connection, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            # A kept connection may have died unseen since its last use; every question can be asked twice.
            if is_reused and not isinstance(error, TimeoutError):
                return self._exchange(body)
            raise ChainUnavailableError(f"The node does not answer: {error}") from error
        self._idle.append(connection)
        return answer

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[int, dict[str, Any]]:
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read(MAX_ANSWER_BYTES))
        if not isinstance(answer, dict):
            raise ValueError("not an object")  # noqa: TRY004 - the node's fault, as any other nonsense is
        return response.status, answer

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        try:
            return self._idle.pop(), True
        except IndexError:
            fresh = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)
            return fresh, False
