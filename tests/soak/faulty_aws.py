"""DynamoDB and SQS in memory, which fail now and then at the worst moment; killed processes included."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.storage.calls import StorageUnavailableError
from tests.support.clock import FakeClock
from tests.support.memory_table import MemoryTable

FIFO_SHARE = 10  # messages of one batch


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


@dataclass
class Faults:
    """The one fault that is planned, and the calls that were made towards it."""

    planned: str | None = None
    after_calls: int = 0
    is_dead: bool = False
    fired: dict[str, int] = field(default_factory=dict)

    def plan(self, random: Random, kinds: tuple[str, ...]) -> None:
        self.planned, self.after_calls, self.is_dead = random.choice(kinds), random.randrange(14), False

    def clear(self) -> None:
        self.planned, self.is_dead = None, False

    def around(self, call: Callable[[], Any], refuse: Callable[[], Exception]) -> Any:
        """Make one call, or meet what was planned for it."""
        if self.is_dead:
            raise KilledError
        if self.planned is None:
            return call()
        self.after_calls -= 1
        if self.after_calls >= 0:
            return call()
        kind, self.planned = self.planned, None
        self.fired[kind] = self.fired.get(kind, 0) + 1
        return self._strike(kind, call, refuse)

    def _strike(self, kind: str, call: Callable[[], Any], refuse: Callable[[], Exception]) -> Any:
        if kind in {"lost answer", "killed after"}:
            call()
        if kind.startswith("killed"):
            self.is_dead = True
            raise KilledError
        if kind == "conflict":
            raise _conflict()
        raise refuse()


FAULTS = ("refused", "lost answer", "killed before", "killed after", "conflict")


class FaultyTable:
    """The table as ``Calls`` speaks to it."""

    connection = None

    def __init__(self, table: MemoryTable, faults: Faults) -> None:
        self._table, self._faults = table, faults

    def make(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        is_write = "Write" in operation or operation.partition("Item")[0] in {"Put", "Update", "Delete"}
        if self._faults.planned == "conflict" and not is_write:
            return self._table.make(operation, parameters)

        def call() -> dict[str, Any]:
            return self._table.make(operation, parameters)

        answer: dict[str, Any] = self._faults.around(call, lambda: StorageUnavailableError("planned"))
        return answer


@dataclass
class Message:
    body: str
    group: str
    due_at: float


class MemorySqs:
    """Queues: standard ones deliver in any order and sometimes twice, FIFO ones in order within a group."""

    def __init__(self, clock: FakeClock, random: Random, faults: Faults) -> None:
        self._clock, self._random, self._faults = clock, random, faults
        self.queues: dict[str, list[Message]] = {}

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> None:
        entries = parameters.get("Entries", [parameters])

        def send() -> None:
            for entry in entries:
                due_at = self._clock.now() + entry.get("DelaySeconds", 0)
                message = Message(entry["MessageBody"], entry.get("MessageGroupId", ""), due_at)
                self.queues.setdefault(parameters["QueueUrl"], []).append(message)

        self._faults.around(send, lambda: EndpointConnectionError(endpoint_url="https://aws.example"))

    def take(self, url: str) -> list[Message]:
        """Return some messages that are due, as one batch; they are out of the queue until they are put back."""
        waiting = self.queues.get(url, [])
        due = [message for message in waiting if message.due_at <= self._clock.now()]
        if not due:
            return []
        if url.endswith(".fifo"):
            group = self._random.choice(due).group
            batch = [message for message in due if message.group == group][: self._random.randint(1, FIFO_SHARE)]
        else:
            batch = self._random.sample(due, min(len(due), self._random.randint(1, FIFO_SHARE)))
        taken = {id(message) for message in batch}
        self.queues[url] = [message for message in waiting if id(message) not in taken]
        return batch

    def put_back(self, url: str, messages: list[Message]) -> None:
        self.queues[url] = [*messages, *self.queues.get(url, [])]

    def waiting(self) -> int:
        return sum(message.due_at <= self._clock.now() for queue in self.queues.values() for message in queue)

    def drop(self) -> None:
        self.queues.clear()


def _conflict() -> ClientError:
    error = {"Code": "TransactionConflictException", "Message": json.dumps("planned")}
    made = ClientError({"Error": error}, "planned")
    made.__cause__ = ClientError({"Error": error}, "planned")
    return made
