"""Calls made side by side where there are many: a page of a hundred events must not take a hundred round trips."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chalicelib.environment import Environment

AT_A_TIME = 8

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """This process's threads for pages with much on them."""

    def __init__(self, env: Environment) -> None:
        del env
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="numbering")

    def map(self, make: Callable[[T], R], of: Sequence[T]) -> list[R]:
        """Return what each call gives, in order; a few are simply made one after the other."""
        if len(of) <= AT_A_TIME:
            return [make(one) for one in of]
        return list(self._threads.map(make, of))
