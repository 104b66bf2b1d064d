"""A gateway with one tenant and simulated nodes, as journeys have it."""

from tests.journeys.conftest import env, nodes, receiver, tenant, world

__all__ = ["env", "nodes", "receiver", "tenant", "world"]
