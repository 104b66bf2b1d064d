"""One of a chain's providers: believed only once it has shown that it serves the right chain."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.breaker import LONGEST_REQUESTED_PAUSE_SECONDS, Breaker
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError, NodeDownError
from chalicelib.chains.providers.identity import Inquiry
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError
from chalicelib.clock import Clock

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Provider:
    """A node with its record: whether it is away, whose chain it serves, how far it has come.

    Only changes of that record are logged, and the provider by its host alone: its URL may hold a key.
    """

    def __init__(
        self, host: str, node: Node, inquiry: Inquiry, identity: str, clock: Clock, *, scout: Node | None = None
    ) -> None:
        """Take the parts, without asking.

        Args:
            host: what logs call it.
            node: what is asked.
            inquiry: how it is asked who it is.
            identity: who it must be.
            clock: what pauses are counted by.
            scout: the same node with less patience, for questions on our own account; else ``node``.
        """
        self.host = host
        self.breaker = Breaker(clock)
        self.is_lagging = False
        self._node, self._scout = node, scout or node
        self._inquiry, self._identity = inquiry, identity
        self._is_known = False
        self._is_wrong = False

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one question; raises NodeRefusalError, ChainUnavailableError."""
        return self.answer(lambda node: node.ask(method, *params))

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several questions; raises ChainUnavailableError."""
        return self.answer(lambda node: _unless_about_us(node.ask_many(calls)))

    def pinned(self) -> AbstractContextManager[None]:
        """Return a context that changes nothing: there is one provider."""
        return nullcontext()

    def others(self) -> Sequence[Node]:
        """Return nothing: there is one provider."""
        return ()

    def answer(self, question: Callable[[Node], T]) -> T:
        """Have the node answer, once it is known; and keep its record.

        Raises:
            NodeRefusalError: the node says no; that is an answer, unless it speaks of our rate or plan.
            ChainUnavailableError: it has failed, or serves another chain.
        """
        self.make_known()
        return self._recorded(question, self._node)

    def make_known(self) -> None:
        """See that it serves the right chain, when that is not known or it has been away since.

        Raises:
            ChainUnavailableError: it serves another one, or does not say.
        """
        if self._is_known and not self.breaker.is_open:
            return
        found = self._recorded(lambda node: self._read(self._inquiry.identity, node), self._scout, is_trial=True)
        if found != self._identity:
            self._refuse()
        self._is_known = True
        self._returned()

    def look(self) -> int:
        """Ask how far it has come; returns its height, raises ChainUnavailableError."""
        self.make_known()
        return self._recorded(lambda node: self._read(self._inquiry.height, node), self._scout)

    def _recorded(self, question: Callable[[Node], T], node: Node, *, is_trial: bool = False) -> T:
        try:
            answer = question(node)
        except NodeRefusalError as refusal:
            if refusal.is_about_us:
                error = NodeDownError(f"The node at {self.host} does not serve us: {refusal}")
                self._failed(error)
                raise error from None
            self.breaker.succeeded()
            raise
        except AnswerTooLargeError:
            raise  # the question's fault: any other provider would answer as much
        except ChainUnavailableError as error:
            self._failed(error)
            raise
        if not is_trial:
            self.breaker.succeeded()
        return answer

    def _read(self, read: Callable[[Node], T], node: Node) -> T:
        try:
            return read(node)
        except (NodeRefusalError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, NodeRefusalError) and error.is_about_us:
                raise
            raise NodeDownError(f"The node at {self.host} does not say what chain it serves.") from None

    def _failed(self, error: ChainUnavailableError) -> None:
        if self.breaker.failed(getattr(error, "retry_after_seconds", None)):
            logger.warning("provider %s is left alone: %s", self.host, error)

    def _refuse(self) -> None:
        self._is_known = False
        self.breaker.failed(LONGEST_REQUESTED_PAUSE_SECONDS)
        if not self._is_wrong:
            logger.error("provider %s serves another chain than it should: it is not used", self.host)
        self._is_wrong = True
        raise ChainUnavailableError(f"The node at {self.host} serves another chain.")

    def _returned(self) -> None:
        self._is_wrong = False
        if self.breaker.succeeded():
            logger.info("provider %s is back", self.host)


def _unless_about_us(outcomes: list[Any]) -> list[Any]:
    """Return the outcomes; a part that was refused because of our rate or plan refuses the whole."""
    for outcome in outcomes:
        if isinstance(outcome, NodeRefusalError) and outcome.is_about_us:
            raise outcome
    return outcomes
