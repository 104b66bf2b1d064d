"""A TRON node that is asked by its HTTP API: a path and one mapping, ``ask("/wallet/getnowblock", {})``."""

import http.client
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any

from chalicelib.chains.providers.http_exchange import TIMEOUT_SECONDS, HttpExchange, NodeDownError
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError

API_KEY_HEADER = "TRON-PRO-API-KEY"


class TronHttpNode:
    """One provider of TRON's HTTP API. It sets no ``visible``: addresses come as they are asked for."""

    def __init__(self, url: str, *, api_key: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Read the URL, without connecting.

        Args:
            url: what the paths are put behind.
            api_key: sent in the header that TronGrid asks for; None sends none.
            timeout_seconds: for one exchange, from connecting to the last byte.

        Raises:
            ValueError: the URL cannot be used; the message does not repeat it.
        """
        headers = {API_KEY_HEADER: api_key} if api_key else {}
        self._exchange = HttpExchange(url, timeout_seconds=timeout_seconds, headers=headers)

    @property
    def host(self) -> str:
        """The host alone: what a log may name the provider by."""
        return self._exchange.host

    def ask(self, method: str, *params: Any) -> Any:
        """Post one mapping to a path and return the answer, whatever JSON it is.

        An answer that tells of a failure in its own fields (a broadcast's ``result`` and ``code``) is an answer.

        Args:
            method: the path, ``/wallet/…`` or ``/walletsolidity/…``.
            params: one mapping, or none for an empty one.

        Raises:
            NodeRefusalError: the node answers ``{"Error": …}``.
            ChainUnavailableError: no answer in time, or nonsense.
        """
        body = params[0] if params else {}
        answer = self._exchange.post(json.dumps(body).encode(), method)
        if answer.status != http.client.OK:
            raise NodeDownError(f"The node at {self.host} answers {answer.status}.", answer.retry_after_seconds)
        try:
            said = json.loads(answer.body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise NodeDownError(f"The node at {self.host} answers nonsense.") from None
        if isinstance(said, dict) and "Error" in said:
            raise NodeRefusalError(0, self._exchange.discreet(str(said["Error"])))
        return said

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several questions, one after the other; a NodeRefusalError in place of each refused one.

        Raises:
            ChainUnavailableError: no answer in time, or nonsense, to one of them.
        """
        return [self._outcome(method, *params) for method, params in calls]

    def pinned(self) -> AbstractContextManager[None]:
        """Return a context that changes nothing: there is one provider."""
        return nullcontext()

    def others(self) -> Sequence[Node]:
        """Return nothing: there is one provider."""
        return ()

    def close(self) -> None:
        """Close the connections that are idle."""
        self._exchange.close()

    def _outcome(self, method: str, *params: Any) -> Any:
        try:
            return self.ask(method, *params)
        except NodeRefusalError as refusal:
            return refusal
