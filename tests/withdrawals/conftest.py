"""A gateway with a tenant that has money, and hot wallets that have coin."""

from tests.payouts.conftest import env, nodes, paying, receiver, tenant, world

__all__ = ["env", "nodes", "paying", "receiver", "tenant", "world"]
