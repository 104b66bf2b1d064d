"""The senders of one process: a few at a time, and nobody's trouble fills them all.

A message that meets a full share is refused, not queued: it goes back to the queue it came from, and the
slots stay open for others.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread, current_thread
from typing import TypeVar

logger = logging.getLogger(__name__)

Job = Callable[[], bool | None]
"""One delivery attempt. False: the endpoint did not answer, so until it does it is tried one at a time."""

_Key = TypeVar("_Key")
_SUSPECTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Slot:
    tenant_id: str
    endpoint_key: str
    is_suspect: bool

    @property
    def endpoint(self) -> tuple[str, str]:
        return self.tenant_id, self.endpoint_key


class SenderPool:
    """Runs delivery attempts on threads, within a share for each tenant and each endpoint.

    An endpoint that did not answer its last attempt is *suspect*: it gets one slot at a time, and all the
    suspects of a tenant together leave one of the tenant's slots to its endpoints that work. So a dead
    endpoint delays neither other tenants nor its own tenant's other endpoints.

    Args:
        concurrency: attempts at a time in this process.
        per_tenant: attempts at a time for one tenant.
        per_endpoint: attempts at a time for one endpoint of a tenant.
    """

    def __init__(self, concurrency: int = 10, per_tenant: int = 5, per_endpoint: int = 5) -> None:
        self._concurrency = concurrency
        self._per_tenant = per_tenant
        self._per_endpoint = per_endpoint
        self._changed = Condition()
        self._threads: set[Thread] = set()
        self._ending: list[Thread] = []
        self._of_tenant: Counter[str] = Counter()
        self._of_endpoint: Counter[tuple[str, str]] = Counter()
        self._of_suspects: Counter[str] = Counter()
        self._suspects: dict[tuple[str, str], None] = {}
        self._closed = False

    def try_submit(self, tenant_id: str, endpoint_key: str, job: Job) -> bool:
        """Start an attempt at once, if there is room for it.

        Args:
            tenant_id: whose message it is.
            endpoint_key: the receiver's scheme, host and port.
            job: makes the attempt and stores what came of it; an exception from it is logged.

        Returns:
            True when it has started; False at a limit, or after `close`: hand the message back.
        """
        with self._changed:
            slot = _Slot(tenant_id, endpoint_key, (tenant_id, endpoint_key) in self._suspects)
            if self._closed or not self._has_room(slot):
                return False
            thread = Thread(target=self._run, args=(slot, job), name=f"sender {endpoint_key}")
            thread.start()  # under the lock: it cannot end, nor be waited for, before it is counted
            self._threads.add(thread)
            self._count(slot, 1)
        return True

    def free_slots(self) -> int:
        """Return how many more attempts could start now, as far as no tenant's share is in the way."""
        with self._changed:
            return 0 if self._closed else self._concurrency - len(self._threads)

    def wait_free(self, timeout_seconds: float | None = None) -> bool:
        """Wait until an attempt could start; tell whether one could before the time was up."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_slot(), timeout_seconds)
            return not self._closed and self._has_slot()

    def drain(self, timeout_seconds: float | None = None) -> bool:
        """Wait until no attempt is running; tell whether that was so before the time was up."""
        with self._changed:
            idle = self._changed.wait_for(lambda: not self._threads, timeout_seconds)
            ending = list(self._ending)
        for thread in ending:
            thread.join()  # its attempt is over, so this takes no time: no thread outlives a clean end
        return idle

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Take no more attempts, and wait for those that run; tell whether all have ended in time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        return self.drain(timeout_seconds)

    def _has_slot(self) -> bool:
        return len(self._threads) < self._concurrency

    def _has_room(self, slot: _Slot) -> bool:
        if not self._has_slot() or self._of_tenant[slot.tenant_id] >= self._per_tenant:
            return False
        if not slot.is_suspect:
            return self._of_endpoint[slot.endpoint] < self._per_endpoint
        share_of_suspects = max(1, self._per_tenant - 1)
        return not self._of_endpoint[slot.endpoint] and self._of_suspects[slot.tenant_id] < share_of_suspects

    def _run(self, slot: _Slot, job: Job) -> None:
        answered: bool | None = None
        try:
            answered = job()
        except Exception:
            logger.exception("a delivery attempt of tenant %s ended in an error", slot.tenant_id)
        finally:
            self._release(slot, answered)

    def _release(self, slot: _Slot, answered: bool | None) -> None:
        with self._changed:
            self._threads.discard(current_thread())
            self._ending = [*(thread for thread in self._ending if thread.is_alive()), current_thread()]
            self._count(slot, -1)
            if answered is not None:
                self._suspects.pop(slot.endpoint, None)
            if answered is False:
                self._suspects[slot.endpoint] = None
            if len(self._suspects) > _SUSPECTS_MAX:
                del self._suspects[next(iter(self._suspects))]
            self._changed.notify_all()

    def _count(self, slot: _Slot, change: int) -> None:
        _add(self._of_tenant, slot.tenant_id, change)
        _add(self._of_endpoint, slot.endpoint, change)
        _add(self._of_suspects, slot.tenant_id, change if slot.is_suspect else 0)


def _add(counter: Counter[_Key], key: _Key, change: int) -> None:
    """Count up or down, and forget what is at zero: a process meets many tenants in its life."""
    counter[key] += change
    if not counter[key]:
        del counter[key]
