"""All queues of the sandbox: what is sent, what waits, what is handled, and when all of it is done."""

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clock import Clock
from sandbox.functions import Trigger
from sandbox.queues.activity import Activity
from sandbox.queues.clocked_sqs import ClockedSqs
from sandbox.queues.delays import DelayStore
from sandbox.queues.held import HeldMessages
from sandbox.queues.poller import Poller, Queue, show
from sandbox.queues.runners import KeyedRunner, Runner, SenderRunner

logger = logging.getLogger(__name__)

DELIVERIES = "deliveries"
DEAD_LETTER = "dead-letter"
STOP_SECONDS = 20.0


class PostOffice:
    """The queues and their pollers.

    Args:
        client: a botocore client of SQS.
        queue_urls: each queue's role and URL.
        delays: messages that were sent with a delay.
        clock: what delays and pauses are counted by.
    """

    def __init__(self, client: Any, queue_urls: Mapping[str, str], delays: DelayStore, clock: Clock) -> None:
        self._client = client
        self._urls = {role: url for role, url in queue_urls.items() if not role.endswith(DEAD_LETTER)}
        self._delays = delays
        self._clock = clock
        self._activity = Activity(self._urls)
        self._held = HeldMessages()
        self._pollers: list[Poller] = []
        self.sqs = ClockedSqs(client, self._urls, delays, self._activity, clock)

    @property
    def roles(self) -> AbstractSet[str]:
        """The queues' roles: ``deposits``, ``numbering``, ``deliveries`` and so on."""
        return self._urls.keys()

    def start(self, triggers: Sequence[Trigger]) -> None:
        """Begin to call the functions that the queues trigger."""
        role_of = {url.rpartition("/")[2]: role for role, url in self._urls.items()}
        self._pollers = [self._poller(role_of[trigger.queue_name], trigger) for trigger in triggers]
        for poller in self._pollers:
            poller.start()

    def stop(self) -> None:
        """Finish what is being handled; all else stays in SQS and on disk."""
        for poller in self._pollers:
            poller.stop(STOP_SECONDS)
        for held in self._held.clear():
            with contextlib.suppress(BotoCoreError, ClientError):
                show(self._client, self._urls[held.queue], held.receipt_handle)

    def release_due(self) -> int:
        """Let out the messages whose delay or pause is over; returns how many."""
        released = self.sqs.release_due()
        for held in self._held.take_due(self._clock.now()):
            try:
                show(self._client, self._urls[held.queue], held.receipt_handle)
            except (BotoCoreError, ClientError) as error:
                logger.info("a message of %s comes back by itself: %s", held.queue, error)
            self._activity.changed(held.queue)
            released += 1
        return released

    def next_due(self) -> float | None:
        """Return when the next delay or pause is over, in Unix seconds of the sandbox's clock, or None."""
        times = [time for time in (self._delays.next_due(), self._held.next_due()) if time is not None]
        return min(times, default=None)

    def wait_idle(self, seconds: float, roles: Iterable[str] | None = None) -> bool:
        """Wait until these queues (or all) hold nothing that is due and nothing is being handled.

        Returns:
            Whether that was so before the time was up.
        """
        return self._activity.wait_idle(self.roles if roles is None else roles, seconds)

    def drop_all(self) -> None:
        """Lose every message of every queue, as a power cut may; what is being handled goes on."""
        with ExitStack() as pauses:
            for poller in self._pollers:
                pauses.enter_context(poller.paused())
            for url in self._urls.values():
                self._client.purge_queue(QueueUrl=url)
            self._delays.clear()
            self._held.clear()

    def _poller(self, role: str, trigger: Trigger) -> Poller:
        url = self._urls[role]
        queue = Queue(role, url, trigger.function, trigger.batch_size, by_group=False)
        runner: Runner = KeyedRunner(2, 2, role)
        if role == DELIVERIES:  # one message at a time: a receiver that hangs holds up no other message
            queue = replace(queue, batch_size=1, by_group=True, stale_seconds=300)
            runner = SenderRunner()
        elif url.endswith(".fifo"):
            queue = replace(queue, by_group=True, stale_seconds=60)
            runner = KeyedRunner(4, 1, role)
        return Poller(queue, self._client, runner, self._activity, self._held, self._clock)
