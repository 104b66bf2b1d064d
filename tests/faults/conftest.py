"""A gateway with one tenant on one chain, and the hooks that break its calls to AWS."""

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.tenants.service import NewTenant, create_tenant
from sandbox.chain.node import SimNode
from tests.faults.gateway import Gateway, make_gateway
from tests.faults.injection import Faults, injected
from tests.support.aws import Aws
from tests.support.clock import FakeClock
from tests.support.tokens import token_for
from tests.support.world import Receiver


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Thousands of expected failures need no traceback each, and moto's garbage can wait."""
    logging.disable(logging.CRITICAL)
    thresholds = gc.get_threshold()
    gc.set_threshold(200_000, 50, 50)
    yield
    gc.set_threshold(*thresholds)
    logging.disable(logging.NOTSET)


@pytest.fixture
def faults(aws: Aws) -> Iterator[Faults]:
    with injected(aws) as made:
        yield made


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def node(tmp_path: Path, clock: FakeClock) -> Iterator[SimNode]:
    made = SimNode(tmp_path / "chains.sqlite", 1, clock)
    yield made
    made.close()


@pytest.fixture
def gateway(aws: Aws, clock: FakeClock, node: SimNode, receiver: Receiver) -> Gateway:
    return make_gateway(aws, clock, node, receiver)


@pytest.fixture
def tenant(gateway: Gateway) -> NewTenant:
    made = create_tenant(gateway.env, "Your Company", transaction_fee="1.0")
    gateway.token = token_for(gateway.env, made)
    return made
