"""Fixtures for all tests; what they are made of is in tests/support."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

from chalicelib import environment
from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support import chain_summary
from tests.support.application import application
from tests.support.aws import Aws, AwsCalls
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.isolation import Watch
from tests.support.network import NetworkGuard
from tests.support.tokens import token_for

# How long an example takes says something of the machine, nothing of the code.
_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=_SLOW)
hypothesis.settings.load_profile("any machine")

_guard = NetworkGuard()
_watch = Watch()
_watch.begin()  # before any session is made


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """No test reaches beyond this machine, those marked slow aside (they may install something)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guard.connect)
        patch.setattr(socket.socket, "connect_ex", _guard.connect_ex)
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    _guard.is_open = item.get_closest_marker("slow") is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say on which chain's node how many tests of the contract suite ran."""
    chain_summary.write(terminalreporter)


@pytest.fixture(autouse=True)
def isolated() -> Iterator[Watch]:
    """No request of any test that is made for one tenant touches a key of another."""
    yield _watch
    wrong, _watch.wrong = _watch.wrong, []
    assert wrong == []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def _aws_clients() -> Aws:
    return Aws()


@pytest.fixture
def aws(_aws_clients: Aws) -> Iterator[Aws]:
    """An empty table and empty queues."""
    with _aws_clients.afresh() as fresh:
        yield fresh


@pytest.fixture
def aws_calls(aws: Aws) -> AwsCalls:
    """The record of what is asked of AWS; any operation can be made to fail."""
    return aws.calls


@pytest.fixture
def env(aws: Aws, clock: FakeClock) -> Environment:
    return make_environment(aws, clock)


@pytest.fixture
def another_process(aws: Aws, clock: FakeClock) -> Callable[..., Environment]:
    """Makes the environment of one more process: the same table and clock, nothing kept in memory."""

    def make(**parts: Any) -> Environment:
        return make_environment(aws, clock, **parts)

    return make


@pytest.fixture
def tenant(env: Environment) -> NewTenant:
    return create_tenant(env, "Your Company")


@pytest.fixture
def token(env: Environment, tenant: NewTenant) -> str:
    """An access token with ``read write``."""
    return token_for(env, tenant)


@pytest.fixture
def anyone(env: Environment) -> ApiClient:
    """Calls the API without a token."""
    app = application()  # app.py provides the deployed environment when it is imported
    environment.provide(lambda: env)
    return ApiClient(app)


@pytest.fixture
def client(anyone: ApiClient, token: str) -> ApiClient:
    """Calls the API as the tenant."""
    return anyone.with_token(token)
