"""What is loaded late is there when it is wanted."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant
from tests.settings.deployed import variables

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


# What asks nodes and what signs; each by the name of its package, with all that is below it.
NOT_THE_APIS = (
    "coincurve",
    "cryptography",
    "embit",
    "sha3",
    "chalicelib.chains.adapter",
    "chalicelib.chains.evm",
    "chalicelib.chains.providers",
    "chalicelib.chains.scanner",
    "chalicelib.chains.signers.derivation",
    "chalicelib.chains.signers.hot_wallet",
    "chalicelib.chains.signers.kms",
    "chalicelib.chains.signers.local",
    "chalicelib.chains.signers.sealing",
    "chalicelib.chains.signers.seed",
    "chalicelib.chains.sim",
    "chalicelib.chains.tron",
    "chalicelib.chains.utxo",
    "chalicelib.settings.nodes",
    "chalicelib.settings.wallets",
)
BUILD = """
from chalicelib import environment
env = environment.current()
assert sorted(env.chains) == ["ARB", "BSC", "BTC", "ETH", "LTC", "MATIC", "TRX"]
"""


def loaded_after(*lines: str, **variables: str) -> set[str]:
    """The modules of a fresh interpreter that has run some lines."""
    code = "\n".join(("import sys, app", *lines, "print(*sys.modules)"))
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stdout.split())


def not_the_apis(loaded: set[str]) -> set[str]:
    return {name for name in loaded if f"{name}.".startswith(tuple(f"{each}." for each in NOT_THE_APIS))}


def test_the_api_loads_no_room_before_a_request_asks_for_it():
    told = loaded_after()
    assert "chalicelib.payments.routes" in told
    assert not {f"chalicelib.{room}" for room in ROOMS} & told


def test_each_name_is_one_of_a_module():
    assert not [name for name in NOT_THE_APIS if find_spec(name) is None]


def test_the_api_loads_neither_what_asks_nodes_nor_what_signs():
    assert not_the_apis(loaded_after()) == set()


def test_a_deployed_process_is_put_together_without_them_and_without_its_secrets():
    """Nodes and wallets lie elsewhere, and there is nobody to ask: whoever read them would fail."""
    deployed = variables(
        CHAIN_NODES="secretsmanager:sluice/prod/chain-nodes",
        HOT_WALLETS="secretsmanager:sluice/prod/hot-wallets",
    )
    told = loaded_after(BUILD, **deployed)
    assert "chalicelib.chains.directory" in told
    assert not_the_apis(told) == set()


def test_whoever_asks_a_node_loads_its_adapter_alone():
    told = loaded_after(BUILD, "env.chains['ETH']", **variables())
    assert "chalicelib.chains.evm.adapter" in told
    assert not {"chalicelib.chains.utxo", "chalicelib.chains.tron", "chalicelib.chains.sim"} & told
