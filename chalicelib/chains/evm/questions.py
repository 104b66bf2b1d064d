"""Questions to a node whose answers must make sense: else it is ChainUnavailableError, never a wrong answer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError

Answer = TypeVar("Answer")

LATEST, PENDING, FINALIZED = "latest", "pending", "finalized"


class Questions:
    """Asks one node, or what stands for several, and reads each answer by the function that is handed in."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def pinned(self) -> AbstractContextManager[None]:
        """Have one provider answer all that is asked inside."""
        return self._node.pinned()

    def others(self) -> "list[Questions]":
        """Return the further providers, each to be asked by itself."""
        return [Questions(node) for node in self._node.others()]

    def ask(self, read: Callable[[Any], Answer], method: str, *params: Any) -> Answer:
        """Ask, and read the answer; a refusal of a mere question means that the node is not of use now."""
        try:
            return self.try_ask(read, method, *params)
        except NodeRefusalError as error:
            raise ChainUnavailableError(f"The node refuses {method} ({error.code}).") from error

    def try_ask(self, read: Callable[[Any], Answer], method: str, *params: Any) -> Answer:
        """Ask, and read the answer.

        Raises:
            NodeRefusalError: the node says no, and the caller knows what that means.
        """
        return read_answer(read, self._node.ask(method, *params), method)

    def ask_all(self, read: Callable[[Any], Answer], calls: Sequence[Call]) -> list[Answer]:
        """Ask several questions of one kind at once; all must be answered."""
        answers = self.try_ask_all(read, calls)
        for (method, _), answer in zip(calls, answers, strict=True):
            if isinstance(answer, NodeRefusalError):
                raise ChainUnavailableError(f"The node refuses {method} ({answer.code}).") from answer
        return [answer for answer in answers if not isinstance(answer, NodeRefusalError)]

    def try_ask_all(
        self, read: Callable[[Any], Answer], calls: Sequence[Call]
    ) -> "list[Answer | NodeRefusalError]":
        """Ask several questions of one kind at once; a refusal stands in the place of its answer."""
        if not calls:
            return []
        answers = self._node.ask_many(calls)
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise ChainUnavailableError("The node answered another number of questions than it was asked.")
        return [
            answer if isinstance(answer, NodeRefusalError) else read_answer(read, answer, method)
            for (method, _), answer in zip(calls, answers, strict=True)
        ]


def read_answer(read: Callable[[Any], Answer], answer: Any, what: str) -> Answer:
    """Read an answer.

    Raises:
        ChainUnavailableError: it has not the shape that it must have.
    """
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ChainUnavailableError(f"The node's answer to {what} makes no sense.") from error


def as_it_is(answer: Any) -> Any:
    """Read nothing yet: for answers that are taken apart later."""
    return answer
