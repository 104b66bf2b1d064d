"""When a provider is left alone, and when it is tried again."""

import threading

from chalicelib.clock import Clock

FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 120.0
LONGEST_REQUESTED_PAUSE_SECONDS = 600.0
TRIAL_SECONDS = 15.0


class Breaker:
    """Opens after failures in a row; then lets one question through now and then, until one is answered.

    Threads may share it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._pauses = 0
        self._is_open = False
        self._paused_until = 0.0
        self._trial_until = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the provider is away; a trial does not change that, its success does."""
        return self._is_open

    def admit(self) -> bool:
        """Return whether the provider may be asked now. While it is away, one trial at a time is admitted."""
        with self._lock:
            if not self._is_open:
                return True
            now = self._clock.now()
            if now < self._paused_until or now < self._trial_until:
                return False
            self._trial_until = now + TRIAL_SECONDS
            return True

    def succeeded(self) -> bool:
        """Take note of an answer; returns whether the provider is back by it."""
        with self._lock:
            was_open = self._is_open
            self._failures, self._pauses, self._is_open = 0, 0, False
            self._paused_until = self._trial_until = 0.0
            return was_open

    def failed(self, pause_seconds: float | None = None) -> bool:
        """Take note of a failure; returns whether the provider is away by it, and was not before.

        Args:
            pause_seconds: how long to leave it alone, if that is known: then one failure suffices.
        """
        with self._lock:
            self._failures += 1
            was_open, was_trial = self._is_open, self._trial_until > 0
            if pause_seconds is None and not was_open and self._failures < FAILURES_TO_OPEN:
                return False
            if pause_seconds is None and was_open and not was_trial:
                return False  # a question that was under way when it was given up
            self._is_open, self._trial_until = True, 0.0
            self._pause(self._next_pause_seconds() if pause_seconds is None else pause_seconds)
            return not was_open

    def _pause(self, seconds: float) -> None:
        until = self._clock.now() + min(seconds, LONGEST_REQUESTED_PAUSE_SECONDS)
        self._paused_until = max(self._paused_until, until)

    def _next_pause_seconds(self) -> float:
        self._pauses += 1
        return min(FIRST_PAUSE_SECONDS * 2.0 ** min(self._pauses - 1, 10), LONGEST_PAUSE_SECONDS)
