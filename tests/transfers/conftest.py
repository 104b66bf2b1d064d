"""A gateway with a funded master account and a wallet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import environment
from chalicelib.environment import Environment
from chalicelib.ledger.service import fund
from chalicelib.tenants.service import NewTenant
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, Nodes, Receiver, World

CODE = "USDTTRC20"


@pytest.fixture
def nodes(tmp_path: Path, clock: FakeClock) -> Iterator[Nodes]:
    made = Nodes(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def env(aws: Aws, clock: FakeClock, nodes: Nodes) -> Environment:
    settings = make_settings(allow_local_callbacks=True)
    return make_environment(aws, clock, settings, chains=nodes.adapters, queues=HeldQueues(aws.queues, clock))


@pytest.fixture
def world(env: Environment, aws: Aws, clock: FakeClock, nodes: Nodes, tenant: NewTenant) -> World:
    app = application()  # app.py provides the deployed environment when it is imported
    environment.provide(lambda: env)
    made = World(env, aws, clock, nodes, ApiClient(app, token_for(env, tenant)))
    made.tenant = tenant
    fund(env, tenant.tenant_id, CODE, 1_000_000_000)
    made.settle()
    return made


@pytest.fixture
def wallet(world: World) -> dict[str, Any]:
    answer = world.client.post("/wallets/", {"name": "My Wallet", "external_id": "ext_123"})
    assert answer.status == 201, answer.text
    return dict(answer.json)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
