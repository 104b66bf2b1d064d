"""A gateway with one tenant, for journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import environment
from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, Nodes, Receiver, World


@pytest.fixture
def nodes(tmp_path: Path, clock: FakeClock) -> Iterator[Nodes]:
    made = Nodes(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def env(aws: Aws, clock: FakeClock, nodes: Nodes) -> Environment:
    settings = make_settings(allow_local_callbacks=True)
    held = HeldQueues(aws.queues, clock)
    return make_environment(aws, clock, settings, chains=nodes.adapters, queues=held)


@pytest.fixture
def tenant(env: Environment) -> NewTenant:
    return create_tenant(env, "Your Company", transaction_fee="1.0")


@pytest.fixture
def world(env: Environment, aws: Aws, clock: FakeClock, nodes: Nodes, tenant: NewTenant) -> World:
    app = application()  # app.py provides the deployed environment when it is imported
    environment.provide(lambda: env)
    return World(env, aws, clock, nodes, ApiClient(app, token_for(env, tenant)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
