"""Twenty processes on one bucket, side by side on a true engine: the quota holds."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.quotas import table
from chalicelib.quotas.bucket import DEFAULT, MICROSECONDS, Quota
from chalicelib.quotas.leases import Leases
from tests.support.world import World

pytestmark = pytest.mark.slow
PROCESSES, ROUNDS, ASKED = 20, 12, 15


@pytest.mark.parametrize("quota", [DEFAULT, Quota(240, 40)])
def test_twenty_processes_at_once_get_what_the_bucket_holds_and_no_more(world: World, quota: Quota) -> None:
    tenant_id = world.tenant.tenant_id
    table.set_quota(world.env, tenant_id, quota) if quota != DEFAULT else None
    processes = [Leases(replace(world.env)) for _ in range(PROCESSES)]
    admitted: list[int] = []
    with ThreadPoolExecutor(PROCESSES) as pool:
        for _ in range(ROUNDS):
            admitted.append(sum(pool.map(lambda one: _asked(one, tenant_id), processes)))
            world.clock.advance(5)
    seconds = 5 * (ROUNDS - 1)
    allowed = quota.burst + quota.per_minute * seconds // 60
    assert admitted[0] <= quota.burst
    assert 0.9 * allowed <= sum(admitted) <= allowed + quota.per_minute // 10
    after = table.bucket(world.env, tenant_id)
    assert after.full_at <= int(world.clock.now() * MICROSECONDS) + quota.cost(quota.burst), "never overdrawn"


def _asked(process: Leases, tenant_id: str) -> int:
    return sum(process.admit(tenant_id).is_admitted for _ in range(ASKED))
