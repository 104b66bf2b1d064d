"""What is loaded late is there when it is wanted."""

import subprocess
import sys
from pathlib import Path

from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant

REPOSITORY = Path(__file__).parents[1]
ROOMS = (
    "payments.service",
    "withdrawals.service",
    "transfers.service",
    "wallets.service",
    "webhooks.pages",
    "lists.reading",
)


def test_every_reader_that_is_named_exists(env: Environment, tenant: NewTenant):
    for kind, read in env.subjects.items():
        assert read(env, tenant.tenant_id, []) == {}, kind
    assert [list(read(env, tenant.tenant_id)) for read in env.journals] == [[] for _ in env.journals]
    for name, rows in env.lists.items():
        assert rows(tenant.tenant_id, "master").tenant_id == tenant.tenant_id, name


def test_the_api_loads_no_room_before_a_request_asks_for_it():
    told = subprocess.run(
        [sys.executable, "-c", "import sys, app; print(*sys.modules)"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "chalicelib.payments.routes" in told
    assert not {f"chalicelib.{room}" for room in ROOMS} & set(told)
