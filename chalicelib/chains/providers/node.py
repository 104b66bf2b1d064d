"""What an adapter asks a chain's node through: one provider, or several that stand in for each other."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Call = tuple[str, tuple[Any, ...]]
"""A method's name and its parameters; of a node that is asked by path, the path and one mapping."""


# EIP-1474 has -32005 for "limit exceeded"; providers also send HTTP's number.
_LIMIT_CODES = {-32005, 429}
_LIMITS_OF_OURS = (
    "rate limit",
    "ratelimit",
    "too many requests",
    "request limit",
    "requests per",
    "quota",
    "capacity exceeded",
    "compute units",
    "on this plan",
    "your plan",
    "current plan",
    "free tier",
    "freetier",
)
_LIMITS_OF_A_QUESTION = ("range", "results", "response size", "block limit", "too many blocks")


class NodeRefusalError(Exception):
    """The node understood the question and says no: what it means depends on the question.

    Attributes:
        code: the node's number for it; 0 when it has none.
        message: the node's words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message

    @property
    def is_about_us(self) -> bool:
        """Whether it speaks of our rate or our plan with this provider: another one may well answer.

        Limits of a single question (a range of blocks, a number of results) are not meant: to ask for less helps.
        """
        words = self.message.lower()
        if any(each in words for each in _LIMITS_OF_A_QUESTION):
            return False
        return self.code in _LIMIT_CODES or any(each in words for each in _LIMITS_OF_OURS)


class Node(Protocol):
    """Answers questions about one chain. All may raise ChainUnavailableError: nothing is known then."""

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one question and return its result.

        Raises:
            NodeRefusalError: the node says no.
        """
        ...

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask several questions at once; results in their order, a NodeRefusalError for a refused one."""
        ...

    def pinned(self) -> AbstractContextManager[None]:
        """Have one provider answer all that this thread asks inside, or none."""
        ...

    def others(self) -> "Sequence[Node]":
        """Return the further providers that can be asked now, for a second opinion; none where there is one."""
        ...
