"""The four public price servers, on loopback: the same for all tests, and each time as if new."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.currencies.sources.market import SOURCES, Server, served


@pytest.fixture(scope="session")
def _listening() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(served(name)) for name in SOURCES}


@pytest.fixture
def servers(_listening: dict[str, Server]) -> Iterator[dict[str, Server]]:
    for name, server in _listening.items():
        server.begin_anew(name)
    yield _listening
    for server in _listening.values():
        server.goes_on.set()


@pytest.fixture
def sources(servers, clock):
    return {name: kind(clock, base_url=servers[name].url) for name, kind in SOURCES.items()}
