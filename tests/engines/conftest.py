"""A gateway on an engine with true transaction isolation: concurrency is proven here, never on moto."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest

from chalicelib import environment
from chalicelib.chains.directory import NamedChains
from chalicelib.queues import Queues, QueueUrls
from chalicelib.storage.store import Store
from chalicelib.tenants.service import NewTenant, create_tenant
from sandbox.engine import engine
from sandbox.engine.engine import ACCESS_KEY, REGION, Engine
from sandbox.engine.provision import provision
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.engines import started
from tests.support.environment import make_environment
from tests.support.real_nodes import RealNodes
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, Nodes, World

QUEUES = ("deposits", "numbering", "deliveries", "transfers", "payouts")


@pytest.fixture(scope="session", params=engine.ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = started(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.stop()


@dataclass
class EngineAws:
    """The engine's store and queues, with the one method of ``tests.support.aws.Aws`` that a world needs."""

    store: Store
    queues: Queues
    sqs: Any

    messages = Aws.messages


@contextmanager
def tables(running: Engine, name: str, directory: Path, real: Sequence[str] = ()) -> Iterator[World]:
    """A world of its own on the engine: fresh table and queues; the chains that are named are on real nodes."""
    session = botocore.session.get_session()
    session.set_credentials(ACCESS_KEY, "any")
    dynamodb = session.create_client("dynamodb", REGION, endpoint_url=running.dynamodb_endpoint)
    sqs = session.create_client("sqs", REGION, endpoint_url=running.sqs_endpoint)
    names = provision(dynamodb, sqs, name)
    urls = QueueUrls(*(names.queue_urls[queue] for queue in QUEUES))
    store = Store(names.table_name, session, REGION, running.dynamodb_endpoint)
    aws: Any = EngineAws(store, Queues(urls, lambda: sqs), sqs)
    clock = FakeClock()
    nodes: Any = RealNodes(directory, clock, real) if real else Nodes(directory, clock)
    settings = make_settings(
        allow_local_callbacks=True,
        deposits_queue_url=urls.deposits,
        numbering_queue_url=urls.numbering,
        deliveries_queue_url=urls.deliveries,
        transfers_queue_url=urls.transfers,
        payouts_queue_url=urls.payouts,
        **nodes.settings,
    )
    held = HeldQueues(aws.queues, clock)
    chains = {"chains": nodes.adapters} if nodes.adapters else {}
    env = make_environment(aws, clock, settings, queues=held, **chains)
    tenant = create_tenant(env, "Your Company")
    app = application()
    environment.provide(lambda: env)
    world = World(env, aws, clock, nodes, ApiClient(app, token_for(env, tenant)))
    world.tenant = tenant
    try:
        yield world
    finally:
        if real:
            cast("NamedChains", env.chains).close()
        nodes.close()
        sqs.close()
    dynamodb.close()
    store.connection.client.close()


@pytest.fixture
def world(running: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with tables(running, f"sluice{abs(hash(request.node.name)) % 10**8}", tmp_path) as made:
        yield made


@pytest.fixture
def tenant(world: World) -> NewTenant:
    made: NewTenant = world.tenant
    return made
