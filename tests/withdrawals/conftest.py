"""A gateway with a tenant that has money, and hot wallets that have coin."""

from tests.journeys.conftest import env, nodes, receiver, tenant, world

__all__ = ["env", "nodes", "receiver", "tenant", "world"]
