"""A node that is asked by JSON-RPC: Ethereum's kind, and bitcoind's and litecoind's."""

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from itertools import count
from typing import Any

from chalicelib.chains.providers.http_exchange import (
    TIMEOUT_SECONDS,
    AnswerTooLargeError,
    HttpAnswer,
    HttpExchange,
    NodeDownError,
)
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError

BATCH_CALLS = 50
WARMING_UP = -28
"""bitcoind's code while it loads: no answer to anything."""

# Whatever their bodies say, these are about us and the provider, not about the question.
_NOT_SERVED = {
    http.client.UNAUTHORIZED,
    http.client.PAYMENT_REQUIRED,
    http.client.FORBIDDEN,
    http.client.TOO_MANY_REQUESTS,
}


class JsonRpcNode:
    """One JSON-RPC provider. Its numbers with a point are read as ``Decimal``."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        batch_calls: int = BATCH_CALLS,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Read the URL, without connecting.

        Args:
            url: where the node is; user and password in it are sent as basic authentication.
            timeout_seconds: for one exchange, from connecting to the last byte.
            batch_calls: the most questions in one exchange.
            headers: sent with every request.

        Raises:
            ValueError: the URL cannot be used; the message does not repeat it.
        """
        self._exchange = HttpExchange(url, timeout_seconds=timeout_seconds, headers=headers)
        self._batch_calls = batch_calls
        self._ids = count(1)

    @property
    def host(self) -> str:
        """The host alone: what a log may name the provider by."""
        return self._exchange.host

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one question and return its result.

        Raises:
            NodeRefusalError: the node says no.
            ChainUnavailableError: no answer in time, or nonsense.
        """
        request = self._request((method, params))
        outcome = self._outcome(self._post(request), request["id"])
        if isinstance(outcome, NodeRefusalError):
            raise outcome
        return outcome

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several questions at once; results in their order, a NodeRefusalError in place of each refused one.

        Raises:
            ChainUnavailableError: no answer in time, or nonsense; also to a part of the questions.
        """
        sizes = range(0, len(calls), self._batch_calls)
        return [each for first in sizes for each in self._batch(calls[first : first + self._batch_calls])]

    def pinned(self) -> AbstractContextManager[None]:
        """Return a context that changes nothing: there is one provider."""
        return nullcontext()

    def others(self) -> Sequence[Node]:
        """Return nothing: there is one provider."""
        return ()

    def close(self) -> None:
        """Close the connections that are idle."""
        self._exchange.close()

    def _batch(self, calls: Sequence[Call]) -> Iterable[Any]:
        requests = [self._request(call) for call in calls]
        try:
            answer = self._post(requests)
        except AnswerTooLargeError:
            if len(calls) == 1:
                raise
            return self._halves(calls)
        if isinstance(answer, list):
            return self._in_order(answer, [request["id"] for request in requests])
        refusal = self._outcome(answer, None)
        if not isinstance(refusal, NodeRefusalError):
            raise self._nonsense()
        return self._halves(calls) if len(calls) > 1 and not refusal.is_about_us else [refusal] * len(calls)

    def _halves(self, calls: Sequence[Call]) -> Iterator[Any]:
        """Ask again in two parts: an answer was too large, or the provider takes smaller batches."""
        half = len(calls) // 2
        yield from self._batch(calls[:half])
        yield from self._batch(calls[half:])

    def _in_order(self, answers: list[Any], ids: list[int]) -> list[Any]:
        by_id = {each.get("id"): each for each in answers if isinstance(each, dict) and _is_id(each.get("id"))}
        if len(answers) != len(ids) or by_id.keys() != set(ids):
            raise self._nonsense()
        return [self._outcome(by_id[number], number) for number in ids]

    def _request(self, call: Call) -> dict[str, Any]:
        method, params = call
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def _post(self, request: Any) -> Any:
        answer = self._exchange.post(json.dumps(request).encode())
        if answer.status in _NOT_SERVED:
            raise self._status_error(answer)
        try:
            said = json.loads(answer.body, parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            said = None
        # bitcoind says no with HTTP 500, others with 400: what counts is the error in the body.
        is_refusal = isinstance(said, dict) and isinstance(said.get("error"), dict)
        if answer.status != http.client.OK and not is_refusal:
            raise self._status_error(answer)
        return said

    def _outcome(self, said: Any, number: int | None) -> Any:
        """Return the result, or the refusal; an error may come without the question's id."""
        if not isinstance(said, dict):
            raise self._nonsense()
        error = said.get("error")
        if isinstance(error, dict):
            return self._refusal(error)
        if error is not None or "result" not in said or not _is_id(said.get("id")) or said["id"] != number:
            raise self._nonsense()
        return said["result"]

    def _refusal(self, error: dict[str, Any]) -> NodeRefusalError:
        code = error.get("code")
        number = code if isinstance(code, int) else 0
        if number == WARMING_UP:
            raise NodeDownError(f"The node at {self.host} is starting.")
        return NodeRefusalError(number, self._exchange.discreet(str(error.get("message", ""))))

    def _status_error(self, answer: HttpAnswer) -> NodeDownError:
        return NodeDownError(f"The node at {self.host} answers {answer.status}.", answer.retry_after_seconds)

    def _nonsense(self) -> NodeDownError:
        return NodeDownError(f"The node at {self.host} answers nonsense.")


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
