"""Faults of AWS, put at one call of an operation.

A position is one call as the product makes it, whatever botocore does beneath: a fault outlives the retries of
botocore, so that it always reaches the product. What those retries themselves can do (a request that was done,
whose answer was lost, and that is sent again) is a fault of its own: ``REPEATED``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from chalicelib import acting
from tests.support.aws import Aws

BOUND_TO_TOKEN = "TransactWriteItems"  # AWS answers a repeated one as the first time, by its client request token


class Fault(StrEnum):
    REFUSED = "refused"  # the connection: nothing was done
    THROTTLED = "throttled"  # an answer that says so: nothing was done
    COMMITTED = "committed"  # it was done, and the answer never came
    KILLED = "killed"  # the process ends before the call, and asks nothing any more
    REPEATED = "repeated"  # it was done, the answer was lost, botocore sent it again
    OVERTAKEN = "overtaken"  # another process does the same, from beginning to end, just before the call


DEMANDED = (Fault.REFUSED, Fault.THROTTLED, Fault.COMMITTED, Fault.KILLED)


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


@dataclass
class Faults:
    """What is asked of AWS, in order, and the one fault that is to happen."""

    made: list[str] = field(default_factory=list)
    position: int | None = None
    fault: Fault | None = None
    has_fired: bool = False
    is_dead: bool = False
    is_recording: bool = False
    twin: Callable[[], None] = lambda: None

    @contextmanager
    def at(
        self, position: int | None, fault: Fault | None, twin: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """Record the calls of one operation, with a fault at one of them; a killed process ends here."""
        self.made, self.position, self.fault, self.twin = [], position, fault, twin
        self.has_fired = self.is_dead = False
        self.is_recording = True
        try:
            yield
        except KilledError:
            pass
        finally:
            self.is_recording = self.is_dead = False

    def before(self, model: Any, params: Any, send: Callable[[Any, Any], Any]) -> Any:
        if not self.is_recording:
            return None
        if self.is_dead:
            raise KilledError
        self.made.append(model.name)
        return self._strike(model, params, send) if self._is_here else None

    def after(self) -> None:
        if self.is_recording and not self.is_dead and self._is_here and self.fault is Fault.COMMITTED:
            self.has_fired = True
            raise ReadTimeoutError(endpoint_url="https://aws.example")

    @property
    def _is_here(self) -> bool:
        return self.fault is not None and len(self.made) - 1 == self.position

    def _strike(self, model: Any, params: Any, send: Callable[[Any, Any], Any]) -> Any:
        self.has_fired = self.fault is not Fault.COMMITTED
        if self.fault is Fault.REFUSED:
            raise EndpointConnectionError(endpoint_url="https://aws.example")
        if self.fault is Fault.KILLED:
            self.is_dead = True
            raise KilledError
        if self.fault is Fault.THROTTLED:
            error = {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}
        if self.fault is Fault.OVERTAKEN:
            self._overtake()
        if self.fault is Fault.REPEATED and model.name != BOUND_TO_TOKEN:
            send(model, params)
        return None

    def _overtake(self) -> None:
        self.is_recording = False
        acting_as = acting.begin(None)  # it is another process, whatever this one is doing
        try:
            self.twin()
        finally:
            acting.end(acting_as)
        self.is_recording = True


@contextmanager
def injected(aws: Aws) -> Iterator[Faults]:
    """Put a fault's hooks into the session's clients of DynamoDB and SQS."""
    faults = Faults()
    clients = [aws.store.connection.client, aws.sqs]
    hooks = [_hooks(faults, client) for client in clients]
    for client, (before, after) in zip(clients, hooks, strict=True):
        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)
    try:
        yield faults
    finally:
        for client, (before, after) in zip(clients, hooks, strict=True):
            client.meta.events.unregister("before-call", before)
            client.meta.events.unregister("after-call", after)


def _hooks(faults: Faults, client: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def send(model: Any, params: Any) -> None:
        client._make_request(model, dict(params), {})

    def before(model: Any, params: Any, **_: Any) -> Any:
        return faults.before(model, params, send)

    def after(**_: Any) -> None:
        faults.after()

    return before, after
