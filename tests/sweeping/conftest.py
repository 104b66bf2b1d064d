"""A gateway that sweeps what is worth 50 dollars, with a hot wallet that has coin for gas."""

import pytest

from chalicelib.environment import Environment
from tests.journeys.conftest import nodes, receiver, tenant, world
from tests.support.aws import Aws
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.world import HeldQueues, Nodes, World

__all__ = ["env", "nodes", "receiver", "sweeping", "tenant", "world"]


@pytest.fixture
def env(aws: Aws, clock: FakeClock, nodes: Nodes) -> Environment:
    settings = make_settings(allow_local_callbacks=True, sweep_above_cents=5_000)
    return make_environment(aws, clock, settings, chains=nodes.adapters, queues=HeldQueues(aws.queues, clock))


@pytest.fixture
def sweeping(world: World) -> World:
    """The world, with coin for gas in the hot wallet of TRX."""
    world.node.fund_hot_wallet("TRX", "TRX", 10**12)
    return world
