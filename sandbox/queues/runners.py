"""Who runs a batch once it was received: a few at a time, within a share for each key."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Protocol

from chalicelib.webhooks.pool import SenderPool

Work = Callable[[], None]


class Runner(Protocol):
    """Runs invocations of one Lambda function."""

    def try_start(self, key: str, work: Work) -> bool:
        """Start at once if there is room, for this key and at all; tell whether it was started."""
        ...

    def stop(self, seconds: float) -> None:
        """Start nothing more, and wait so long for what runs."""
        ...


class KeyedRunner:
    """Threads that stay; a key is a FIFO queue's message group, or the same for all.

    Args:
        concurrency: invocations at a time.
        for_each_key: invocations at a time with one key.
        name: what the threads are called.
    """

    def __init__(self, concurrency: int, for_each_key: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(concurrency, thread_name_prefix=name)
        self._concurrency = concurrency
        self._for_each_key = for_each_key
        self._lock = Lock()
        self._running: Counter[str] = Counter()

    def try_start(self, key: str, work: Work) -> bool:
        """Start at once if there is room."""
        with self._lock:
            if self._running.total() >= self._concurrency or self._running[key] >= self._for_each_key:
                return False
            self._running[key] += 1
        self._executor.submit(self._run, key, work)
        return True

    def stop(self, seconds: float) -> None:  # noqa: ARG002 -- its work is short
        """Start nothing more, and wait for what runs."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run(self, key: str, work: Work) -> None:
        try:
            work()
        finally:
            self._give_back(key)

    def _give_back(self, key: str) -> None:
        with self._lock:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]


class SenderRunner:
    """The senders of webhooks: no tenant's slow endpoints fill all of them. The key is the tenant."""

    def __init__(self, concurrency: int = 10, for_each_tenant: int = 5) -> None:
        self._pool = SenderPool(concurrency, for_each_tenant, for_each_tenant)

    def try_start(self, key: str, work: Work) -> bool:
        """Start at once if the tenant has room."""
        return self._pool.try_submit(key, "deliveries", work)

    def stop(self, seconds: float) -> None:
        """Start nothing more, and wait so long for the attempts that are being made."""
        self._pool.close(seconds)
