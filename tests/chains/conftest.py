from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chains.providers.faulty_node import FaultyNode


@pytest.fixture
def start() -> Iterator[Callable[..., FaultyNode]]:
    """Starts nodes; they end with the test."""
    started: list[FaultyNode] = []

    def start_one(**told: Any) -> FaultyNode:
        started.append(FaultyNode(**told))
        return started[-1]

    yield start_one
    for node in started:
        node.close()


@pytest.fixture
def node(start: Callable[..., FaultyNode]) -> FaultyNode:
    return start()
