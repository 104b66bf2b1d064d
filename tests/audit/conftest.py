"""A gateway with one tenant and simulated nodes, as journeys have it."""

from tests.journeys.conftest import env, nodes, receiver, tenant, world
from tests.payouts.conftest import paying

__all__ = ["env", "nodes", "paying", "receiver", "tenant", "world"]
