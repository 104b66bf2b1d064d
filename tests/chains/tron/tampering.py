"""A node between the adapter and the fake one that changes what is answered, for one path."""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from chalicelib.chains.providers.node import NodeRefusalError


class TamperingNode:
    """Asks another node; ``changes`` maps a path to what becomes of its answers."""

    def __init__(self, node) -> None:
        self.node = node
        self.changes: dict[str, Callable[[Any], Any]] = {}
        self.asked: list[str] = []
        self.other_nodes: list = []

    def ask(self, method: str, *params: Any) -> Any:
        self.asked.append(method)
        answer = copy.deepcopy(self.node.ask(method, *params))
        return self.changes[method](answer) if method in self.changes else answer

    def ask_many(self, calls) -> list[Any]:
        return [self._outcome(method, *params) for method, params in calls]

    def pinned(self):
        return nullcontext()

    def others(self):
        return self.other_nodes

    def _outcome(self, method: str, *params: Any) -> Any:
        try:
            return self.ask(method, *params)
        except NodeRefusalError as refusal:
            return refusal
