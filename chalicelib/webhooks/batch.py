"""One batch of delivery messages: its attempts side by side, within what a tenant and an endpoint may take up."""

import json
import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chalicelib.environment import Environment
from chalicelib.webhooks import delivery
from chalicelib.webhooks.delivery import Entry, NoPlaceError
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.leases import HeldBackError, Leases
from chalicelib.webhooks.pool import SenderPool

CONCURRENCY = 10
PATIENCE_SECONDS = 3.0  # a busy endpoint's place is soon free; a hanging one's is not
HANDED_BACK_SECONDS = 10
BATCH_SECONDS = 50.0  # below the function's timeout
LOOK_SECONDS = 0.05  # places are freed by other batches too

logger = logging.getLogger(__name__)


class ProcessPool:
    """This process's sender pool, shared by all its batches."""

    def __init__(self, env: Environment) -> None:
        del env
        self.pool = SenderPool(CONCURRENCY)


@dataclass(frozen=True, slots=True)
class _Due:
    """A message whose event is due."""

    message_id: str
    tenant_id: str
    record: EventRecord
    endpoint: str


class DeliveryBatch:
    """The attempts of one batch.

    Args:
        env: the environment.
        records: the queue's records; each names a tenant and an event.
    """

    def __init__(self, env: Environment, records: Sequence[dict[str, Any]]) -> None:
        self._env = env
        self._pool = env.keep(ProcessPool).pool
        self._leases = env.keep(Leases)
        self._records = records
        self._waiting_for: Counter[tuple[str, str]] = Counter()
        self._done: dict[str, bool] = {}
        self._changed = threading.Condition()

    def run(self) -> list[str]:
        """Make every attempt that is due; hand back what finds its tenant or endpoint busy for too long.

        Returns:
            The ids of the messages that must come again: their attempts were not logged.
        """
        started = time.monotonic()
        due = self._read()
        self._waiting_for.update((one.tenant_id, one.endpoint) for one in due)
        waiting = [one for one in due if not self._begin(one)]
        while waiting and time.monotonic() - started < PATIENCE_SECONDS:
            self._wait(LOOK_SECONDS, done=len(self._done) + 1)
            waiting = [one for one in waiting if not self._begin(one)]
        for one in waiting:
            self._env.queues.deliver(one.tenant_id, one.record.sk, HANDED_BACK_SECONDS)
            self._finish(one.message_id, is_logged=True)
        self._wait(started + BATCH_SECONDS - time.monotonic(), done=len(self._records))
        for tenant_id, endpoint in {(one.tenant_id, one.endpoint) for one in due}:
            self._give_back(tenant_id, endpoint)
        return [record["messageId"] for record in self._records if not self._done.get(record["messageId"])]

    def _read(self) -> list[_Due]:
        """Return the events that an attempt is due for: one read for each tenant."""
        by_tenant: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for record in self._records:
            message = json.loads(record["body"])
            by_tenant[message["tenant_id"]].append((record["messageId"], message["event_id"]))
        return [due for tenant_id, messages in by_tenant.items() for due in self._read_some(tenant_id, messages)]

    def _read_some(self, tenant_id: str, messages: Sequence[tuple[str, str]]) -> Iterator[_Due]:
        try:
            found = delivery.due_events(self._env, tenant_id, [event_id for _, event_id in messages])
        except Exception:
            logger.exception("events were not read, their messages come again")
            for message_id, _ in messages:
                self._finish(message_id, is_logged=False)
            return
        for message_id, event_id in messages:
            if event_id in found:
                record = found[event_id]
                yield _Due(message_id, tenant_id, record, delivery.endpoint_of(self._env, record))
            else:
                self._finish(message_id, is_logged=True)

    def _begin(self, due: _Due) -> bool:
        """Start an attempt, or end the matter in another way; False when there is no room for it now."""
        try:
            entry = self._enter(due)
            if entry is None:
                return False
        except HeldBackError as held:
            self._finish(due.message_id, is_logged=self._is_postponed(due, held.until))
            return True
        except Exception:
            logger.exception("no place was leased, the message comes again")
            self._finish(due.message_id, is_logged=False)
            return True
        if not self._pool.try_submit(due.tenant_id, due.endpoint, partial(self._attempt, due, entry)):
            self._leases.leave(due.tenant_id, due.endpoint, entry.lease, answered=None)
            return False
        self._waiting_for[due.tenant_id, due.endpoint] -= 1
        return True

    def _enter(self, due: _Due) -> Entry | None:
        if not self._leases.is_suspect(due.tenant_id, due.endpoint):
            given = delivery.given_place(self._env, due.record)
            if given is not None:
                return given
        wanted = self._waiting_for[due.tenant_id, due.endpoint]
        lease = self._leases.enter(due.tenant_id, due.endpoint, wanted)
        return Entry(due.endpoint, lease.begin_by, lease) if lease else None

    def _attempt(self, due: _Due, entry: Entry) -> bool | None:
        answered: bool | None = None
        is_logged = True
        try:
            made = delivery.attempt(self._env, due.tenant_id, due.record, entry)
            answered = None if made.failure == "gone" else made.answered
        except HeldBackError as held:
            is_logged = self._is_postponed(due, held.until)
        except NoPlaceError:
            self._leases.suspect(due.tenant_id, due.endpoint)
            self._env.queues.deliver(due.tenant_id, due.record.sk, HANDED_BACK_SECONDS)
        except Exception:
            logger.exception("an attempt was not logged, it comes again")
            is_logged = False
        self._leave(due, entry, answered=answered)
        self._finish(due.message_id, is_logged=is_logged)
        return answered

    def _leave(self, due: _Due, entry: Entry, *, answered: bool | None) -> None:
        try:
            self._leases.leave(due.tenant_id, due.endpoint, entry.lease, answered=answered)
        except Exception:
            logger.exception("a place was not given back, it runs out by itself")

    def _give_back(self, tenant_id: str, endpoint: str) -> None:
        try:
            self._leases.give_back(tenant_id, endpoint)
        except Exception:
            logger.exception("places were not given back, they run out by themselves")

    def _is_postponed(self, due: _Due, until: float) -> bool:
        try:
            delivery.postpone(self._env, due.tenant_id, due.record, until)
        except Exception:
            logger.exception("an attempt was not postponed, its message comes again")
            return False
        return True

    def _finish(self, message_id: str, *, is_logged: bool) -> None:
        with self._changed:
            self._done[message_id] = is_logged
            self._changed.notify_all()

    def _wait(self, seconds: float, *, done: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._done) >= done, max(0.0, seconds))
