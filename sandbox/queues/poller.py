"""Does for one queue what Lambda's event source mapping does: receive, call the function, delete what is done."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clock import Clock
from sandbox.queues.activity import Activity
from sandbox.queues.held import HeldMessage, HeldMessages, pause_seconds
from sandbox.queues.lambda_event import failed_ids, sqs_event
from sandbox.queues.runners import Runner

Message = Mapping[str, Any]
Function = Callable[[Any, Any], Any]

logger = logging.getLogger(__name__)

RECEIVE_LIMIT = 10  # of SQS
BACKLOG_LIMIT = 5_000
IDLE_SECONDS = 1.0
CROWDED_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and the function that it triggers.

    Attributes:
        role: ``deposits``, ``numbering`` or ``deliveries``.
        url: in SQS.
        function: the Lambda handler of app.py.
        batch_size: messages in one invocation, at most.
        by_group: a batch has messages of one group only, which is the runner's key.
        stale_seconds: what could not be started for so long is forgotten: SQS gives it out again soon. Below the
            queue's visibility timeout.
    """

    role: str
    url: str
    function: Function
    batch_size: int
    by_group: bool
    stale_seconds: float = 100.0

    def batches(self, messages: Sequence[Message]) -> list["Batch"]:
        """Return received messages as the batches that the function is called with, in their order."""
        groups: dict[str, list[Message]] = {}
        for message in messages:
            groups.setdefault(_group(message) if self.by_group else "", []).append(message)
        return [
            Batch(key, tuple(members[start : start + self.batch_size]))
            for key, members in groups.items()
            for start in range(0, len(members), self.batch_size)
        ]


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages for one invocation, and since when they are ours."""

    key: str
    messages: tuple[Message, ...]
    since: float = field(default_factory=time.monotonic)


class Poller:
    """Receives from one queue in a thread of its own; a runner runs the invocations."""

    def __init__(
        self, queue: Queue, client: Any, runner: Runner, activity: Activity, held: HeldMessages, clock: Clock
    ) -> None:
        self._queue = queue
        self._client = client
        self._runner = runner
        self._activity = activity
        self._held = held
        self._clock = clock
        self._backlog: list[Batch] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name=f"poller of {queue.role}", daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Receive nothing more, and wait so long for what is being handled."""
        self._stopping.set()
        self._activity.changed(self._queue.role)
        self._thread.join()
        self._runner.stop(seconds)
        self._give_back()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing be received or started inside, and forget what was received but not started."""
        with self._lock:
            for batch in self._backlog:
                self._activity.finished(self._queue.role, len(batch.messages))
            self._backlog = []
            yield
            self._activity.changed(self._queue.role)

    def _give_back(self) -> None:
        """Let SQS give out again at once, after the next start, what was received but not started."""
        for message in (message for batch in self._backlog for message in batch.messages):
            with contextlib.suppress(BotoCoreError, ClientError):
                show(self._client, self._queue.url, message["ReceiptHandle"])

    def _poll(self) -> None:
        looked_at, looked = -1, float("-inf")
        while not self._stopping.is_set():
            changes = self._activity.changes(self._queue.role)
            with self._lock:
                if changes != looked_at or time.monotonic() - looked >= IDLE_SECONDS:
                    found = self._receive(changes)
                    looked_at, looked = (-1 if found else changes), time.monotonic()
                self._start_what_fits()
                pause = CROWDED_SECONDS if self._backlog else IDLE_SECONDS
            if looked_at == changes:
                self._activity.wait_for_change(self._queue.role, changes, pause)

    def _receive(self, changes: int) -> bool:
        """Receive one batch; tells whether there may be more."""
        if sum(len(batch.messages) for batch in self._backlog) >= BACKLOG_LIMIT:
            return False
        try:
            options = {"MaxNumberOfMessages": RECEIVE_LIMIT, "AttributeNames": ["All"]}
            answer = self._client.receive_message(QueueUrl=self._queue.url, **options)
        except (BotoCoreError, ClientError) as error:
            logger.warning("nothing can be received from %s: %s", self._queue.role, error)
            return False
        messages = answer.get("Messages", [])
        if not messages:
            self._activity.found_empty(self._queue.role, changes)
            return False
        self._activity.took(self._queue.role, len(messages))
        self._backlog += self._queue.batches(messages)
        return True

    def _start_what_fits(self) -> None:
        """Start batches in their order; a key that has no room does not hold up the others."""
        waiting: list[Batch] = []
        crowded: set[str] = set()
        for batch in self._backlog:
            if time.monotonic() - batch.since > self._queue.stale_seconds:
                self._activity.finished(self._queue.role, len(batch.messages))
            elif batch.key in crowded or not self._try_start(batch):
                crowded.add(batch.key)
                waiting.append(batch)
        self._backlog = waiting

    def _try_start(self, batch: Batch) -> bool:
        return self._runner.try_start(batch.key, lambda: self._handle(batch))

    def _handle(self, batch: Batch) -> None:
        try:
            failed = self._invoke(batch)
            self._delete([each for each in batch.messages if each["MessageId"] not in failed])
            self._hold([each for each in batch.messages if each["MessageId"] in failed])
        except (BotoCoreError, ClientError) as error:
            logger.warning("messages of %s will come again: %s", self._queue.role, error)
        finally:
            self._activity.finished(self._queue.role, len(batch.messages))

    def _invoke(self, batch: Batch) -> set[str]:
        """Call the function; returns the ids of the messages that it could not handle."""
        everything = {str(message["MessageId"]) for message in batch.messages}
        try:
            answer = self._queue.function(sqs_event(self._queue.url, batch.messages), None)
        except Exception:
            logger.exception("the function of %s ended in an error", self._queue.role)
            return everything
        return failed_ids(answer, everything)

    def _delete(self, messages: Sequence[Message]) -> None:
        entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
        if entries:
            self._client.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)

    def _hold(self, messages: Sequence[Message]) -> None:
        for message in messages:
            count = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
            due_at = self._clock.now() + pause_seconds(count)
            self._held.add(HeldMessage(due_at, self._queue.role, message["ReceiptHandle"]))


def _group(message: Message) -> str:
    return str(message.get("Attributes", {}).get("MessageGroupId", ""))


def show(client: Any, queue_url: str, receipt_handle: str) -> None:
    """Let SQS give out a message again now."""
    client.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=0)
