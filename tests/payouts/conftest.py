"""A gateway with a tenant that has money, and hot wallets that have coin."""

import pytest

from chalicelib.ledger.service import fund
from chalicelib.tenants.service import NewTenant
from tests.journeys.conftest import env, nodes, receiver, tenant, world
from tests.payouts.coin_rig import ltc, make
from tests.payouts.steps_of_payouts import FUNDED
from tests.support.world import World

__all__ = ["env", "ltc", "make", "nodes", "receiver", "tenant", "world"]


@pytest.fixture
def paying(world: World, tenant: NewTenant) -> World:
    """The world, with money for the merchant and coin in the hot wallet of TRX."""
    fund(world.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    world.node.fund_hot_wallet("TRX", "USDT", FUNDED)
    world.node.fund_hot_wallet("TRX", "TRX", 10**12)
    world.settle()
    world.tenant = tenant
    return world
