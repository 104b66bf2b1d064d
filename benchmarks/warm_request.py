"""What a warm, authenticated request costs in CPU of ours: the engine's answers are replayed, not computed."""

import gc
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from benchmarks.figures import MILLISECONDS, Figure
from benchmarks.gateway import Gateway, expect

WARMING, REQUESTS, ROUNDS = 50, 100, 7


def api_request(gateway: Gateway) -> Iterator[Figure]:
    """``POST /payments/status/``: the median round's CPU for one request, on the thread that serves it.

    From the event that API Gateway hands over to the answer it gets: the token's check, PynamoDB, botocore's
    request with its signature, and its reading of the answer are in it; sending and the engine are not.
    """
    body = {"transaction_id": gateway.create()["transaction_id"]}

    def ask() -> None:
        expect(gateway.client.post("/payments/status/", body), 200)

    with replayed(gateway.env.store.connection.client, ask):
        for _ in range(WARMING):
            ask()
        gc.collect()
        gc.freeze()  # what the in-process engine left in memory is nobody's in production
        seconds = median(_cpu_seconds(ask) for _ in range(ROUNDS))
        gc.unfreeze()
    yield Figure("api_request.cpu_ms", 1000 * seconds, MILLISECONDS)


def _cpu_seconds(ask: Any) -> float:
    """Return the CPU seconds of one request, over a round of them."""
    begun = time.thread_time()
    for _ in range(REQUESTS):
        ask()
    return (time.thread_time() - begun) / REQUESTS


class _Raw(io.BytesIO):
    """An answer's bytes as urllib3 hands them over."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@contextmanager
def replayed(client: Any, ask: Any) -> Iterator[None]:
    """Keep the engine's answers to one request, and give them to all that follow.

    A call gets the answer to the same call, or, where none was quite the same, to the last one of its operation.
    """
    kept: dict[Any, bytes] = {}
    asked: list[bytes] = []

    def note(params: Any, **_: Any) -> None:
        asked.append(_bytes(params["body"]))

    def keep(operation_model: Any, response_dict: Any, **_: Any) -> None:
        kept[operation_model.name] = kept[asked[-1]] = response_dict["body"]

    def replay(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        body = kept.get(_bytes(request.body)) or kept[operation]
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(body))

    events = client.meta.events
    events.register("before-call.dynamodb", note)
    events.register("before-parse.dynamodb", keep)
    ask()
    events.unregister("before-call.dynamodb", note)
    events.unregister("before-parse.dynamodb", keep)
    events.unregister("before-send", botocore_stubber)  # the in-process engine
    events.register("before-send.dynamodb", replay)
    yield
    events.unregister("before-send.dynamodb", replay)
    events.register("before-send", botocore_stubber)


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body
