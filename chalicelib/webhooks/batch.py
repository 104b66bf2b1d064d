"""One batch of delivery messages: its attempts side by side, within what a tenant and an endpoint may take up."""

import json
import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from chalicelib.environment import Environment
from chalicelib.webhooks import delivery
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pool import SenderPool

CONCURRENCY = 10
PATIENCE_SECONDS = 3.0  # a busy endpoint's slot is soon free; a hanging one's is not
HANDED_BACK_SECONDS = 10
BATCH_SECONDS = 50.0  # below the function's timeout
LOOK_SECONDS = 0.05  # slots are freed by other batches too

logger = logging.getLogger(__name__)


class ProcessPool:
    """This process's sender pool, shared by all its batches."""

    def __init__(self, env: Environment) -> None:
        del env
        self.pool = SenderPool(CONCURRENCY)


class DeliveryBatch:
    """The attempts of one batch.

    Args:
        env: the environment.
        records: the queue's records; each names a tenant and an event.
    """

    def __init__(self, env: Environment, records: Sequence[dict[str, Any]]) -> None:
        self._env = env
        self._pool = env.keep(ProcessPool).pool
        self._records = records
        self._done: dict[str, bool] = {}
        self._changed = threading.Condition()

    def run(self) -> list[str]:
        """Make every attempt that is due; hand back what finds its tenant or endpoint busy for too long.

        Returns:
            The ids of the messages that must come again: their attempts were not logged.
        """
        started = time.monotonic()
        waiting = [one for one in map(self._read, self._records) if one is not None and not self._begin(*one)]
        while waiting and time.monotonic() - started < PATIENCE_SECONDS:
            self._wait(LOOK_SECONDS, done=len(self._done) + 1)
            waiting = [one for one in waiting if not self._begin(*one)]
        for message_id, tenant_id, due in waiting:
            self._env.queues.deliver(tenant_id, due.sk, HANDED_BACK_SECONDS)
            self._finish(message_id, is_logged=True)
        self._wait(started + BATCH_SECONDS - time.monotonic(), done=len(self._records))
        return [record["messageId"] for record in self._records if not self._done.get(record["messageId"])]

    def _read(self, record: dict[str, Any]) -> tuple[str, str, EventRecord] | None:
        """Return a message's event; None when there is nothing (more) to do about it now."""
        message_id, message = record["messageId"], json.loads(record["body"])
        try:
            due = delivery.due_event(self._env, message["tenant_id"], message["event_id"])
        except Exception:
            logger.exception("an event was not read, its message comes again")
            self._finish(message_id, is_logged=False)
            return None
        if due is None:
            self._finish(message_id, is_logged=True)
            return None
        return message_id, message["tenant_id"], due

    def _begin(self, message_id: str, tenant_id: str, due: EventRecord) -> bool:
        """Start an attempt; False when there is no room for it now."""
        job = partial(self._attempt, message_id, tenant_id, due)
        return self._pool.try_submit(tenant_id, delivery.endpoint_of(self._env, due), job)

    def _attempt(self, message_id: str, tenant_id: str, due: EventRecord) -> bool | None:
        try:
            made = delivery.attempt(self._env, tenant_id, due)
        except Exception:
            logger.exception("an attempt was not logged, it comes again")
            self._finish(message_id, is_logged=False)
            return None
        self._finish(message_id, is_logged=True)
        return made.answered

    def _finish(self, message_id: str, *, is_logged: bool) -> None:
        with self._changed:
            self._done[message_id] = is_logged
            self._changed.notify_all()

    def _wait(self, seconds: float, *, done: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._done) >= done, max(0.0, seconds))
