"""What goes on by itself: a thread that runs what falls due in real time, and one that makes blocks."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Repeating:
    """Does one thing again and again, in a thread of its own, until it is stopped.

    Args:
        name: what the thread is called.
        seconds: from the end of one time to the beginning of the next.
        job: what is done; an error is logged, and the next time comes all the same.
    """

    def __init__(self, name: str, seconds: float, job: Callable[[], None]) -> None:
        self._seconds = seconds
        self._job = job
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first time comes after the pause."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being done, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _repeat(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._job()
            except Exception:
                logger.exception("%s met an error", self._thread.name)
