"""How much is asked at once: providers limit it, each differently, and only asking finds out."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError
from chalicelib.chains.providers.node import NodeRefusalError

Found = TypeVar("Found")


class Span:
    """A number of blocks that halves when a node refuses it and grows by a quarter while all goes well.

    Args:
        most: where it begins, and what it never exceeds.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.blocks = most

    def read(self, first: int, last: int, read: Callable[[int, int], list[Found]]) -> Iterator[Found]:
        """Read the blocks ``first`` to ``last`` in parts, by a function of a part's first and last block.

        What a refusal says is not looked at: a node that refuses a single block too is of no use.

        Raises:
            ChainUnavailableError: that, or the node did not answer; it is asked for less the next time.
        """
        while first <= last:
            until = min(last, first + self.blocks - 1)
            try:
                found = read(first, until)
            except (NodeRefusalError, AnswerTooLargeError) as error:
                if first == until:
                    raise ChainUnavailableError("The node refuses even a single block.") from error
                self._halve(until - first + 1)
                continue
            except ChainUnavailableError:
                self._halve(until - first + 1)
                raise
            yield from found
            if until - first + 1 == self.blocks:
                self.blocks = min(self._most, self.blocks + max(1, self.blocks // 4))
            first = until + 1

    def _halve(self, asked: int) -> None:
        self.blocks = max(1, asked // 2)
