"""Several providers of one chain as one node: the first that is well answers, the others stand in for it."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError
from chalicelib.chains.providers.node import Call, Node
from chalicelib.chains.providers.provider import Provider
from chalicelib.clock import Clock

logger = logging.getLogger(__name__)

T = TypeVar("T")

BUDGET_SECONDS = 20.0
SURVEY_SECONDS = 30.0
HEAD_MEMORY_SECONDS = 300.0
ENOUGH_TO_OUTVOTE_ONE = 3


class _OfThread(threading.local):
    """What a thread asks: how deep it is in ``pinned``, and who has answered it last, there and at all."""

    def __init__(self) -> None:
        self.pins = 0
        self.pinned: Provider | None = None
        self.latest: Provider | None = None


class Providers:
    """A ``Node`` of several providers, in order of preference. Threads may share it."""

    def __init__(self, providers: Sequence[Provider], max_lag_blocks: int, clock: Clock) -> None:
        """Take the providers, without asking them.

        Args:
            providers: the best one first.
            max_lag_blocks: how far behind the best a provider may be.
            clock: what budgets and the time between surveys are counted by.
        """
        self._providers = tuple(providers)
        self._max_lag_blocks = max_lag_blocks
        self._clock = clock
        self._surveyed_at: float | None = None
        self._heights: dict[Provider, tuple[float, int]] = {}
        self._survey_lock = threading.Lock()
        self._thread = _OfThread()

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one question: of the first provider that answers.

        Raises:
            NodeRefusalError: a provider says no.
            ChainUnavailableError: none answers.
        """
        return self._answer(lambda provider: provider.ask(method, *params))

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several questions, all of one provider; raises ChainUnavailableError."""
        return self._answer(lambda provider: provider.ask_many(calls))

    def pinned(self) -> AbstractContextManager[None]:
        """Have the provider that answers this thread's first question inside answer all of them, or none."""
        return self._pinned()

    def others(self) -> Sequence[Node]:
        """Return the providers that are well, besides the one that this thread has been answered by."""
        self._survey_when_due()
        own = self._thread.pinned or self._thread.latest or self._providers[0]
        return [each for each in self._providers if each is not own and self._is_well(each)]

    @contextmanager
    def _pinned(self) -> Iterator[None]:
        self._thread.pins += 1
        try:
            yield
        finally:
            self._thread.pins -= 1
            if not self._thread.pins:
                self._thread.pinned = None

    def _answer(self, question: Callable[[Provider], T]) -> T:
        held = self._thread.pinned
        if held is not None:
            if not held.breaker.admit():
                raise ChainUnavailableError(f"The node at {held.host} has answered a part and fails now.")
            return question(held)
        self._survey_when_due()
        give_up_at = self._clock.now() + BUDGET_SECONDS
        last: ChainUnavailableError | None = None
        for provider in self._providers:
            if provider.is_lagging or not provider.breaker.admit():
                continue
            try:
                return self._asked(provider, question)
            except AnswerTooLargeError:
                raise
            except ChainUnavailableError as error:
                last = error
            if self._clock.now() >= give_up_at:
                break
        raise last or ChainUnavailableError("No provider of this chain can be asked now.")

    def _asked(self, provider: Provider, question: Callable[[Provider], T]) -> T:
        """Ask a provider, and hold to it: a refusal binds as an answer does, a failure does not."""
        try:
            answer = question(provider)
        except ChainUnavailableError:
            raise
        except Exception:
            self._hold_to(provider)
            raise
        self._hold_to(provider)
        return answer

    def _hold_to(self, provider: Provider) -> None:
        self._thread.latest = provider
        if self._thread.pins:
            self._thread.pinned = provider

    def _is_well(self, provider: Provider) -> bool:
        if provider.breaker.is_open:
            return False
        try:
            provider.make_known()
        except ChainUnavailableError:
            return False
        return True

    def _survey_when_due(self) -> None:
        """Ask every provider now and then how far it has come, in whichever thread comes first."""
        now = self._clock.now()
        is_due = self._surveyed_at is None or not 0 <= now - self._surveyed_at < SURVEY_SECONDS
        if len(self._providers) == 1 or not is_due or not self._survey_lock.acquire(blocking=False):
            return
        try:
            self._surveyed_at = now
            self._survey(now)
        finally:
            self._survey_lock.release()

    def _survey(self, now: float) -> None:
        for provider in self._providers:
            if provider.breaker.admit():
                with suppress(ChainUnavailableError):
                    self._heights[provider] = (now, provider.look())
        known = {each: height for each, (at, height) in self._heights.items() if now - at < HEAD_MEMORY_SECONDS}
        best = _believable_best(list(known.values()))
        for provider in self._providers:
            self._mark(provider, best - known.get(provider, best))

    def _mark(self, provider: Provider, lag_blocks: int) -> None:
        is_lagging = lag_blocks > self._max_lag_blocks
        if is_lagging and not provider.is_lagging:
            logger.warning("provider %s is %d blocks behind: it is passed over", provider.host, lag_blocks)
        if provider.is_lagging and not is_lagging:
            logger.info("provider %s has caught up", provider.host)
        provider.is_lagging = is_lagging


def _believable_best(heights: list[int]) -> int:
    """Return the height that the others are measured by; one of three or more cannot make them all look late."""
    ordered = sorted(heights, reverse=True)
    if len(ordered) >= ENOUGH_TO_OUTVOTE_ONE:
        return ordered[1]
    return ordered[0] if ordered else 0
