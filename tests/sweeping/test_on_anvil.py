"""A real ERC-20 deposit on a real node, topped up and swept home: exact amounts, and what it took in gas."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import environment
from chalicelib.chains.signers.hot_wallet import HotWalletSigner
from chalicelib.chains.signers.seed import SeedSigner
from chalicelib.tenants.service import create_tenant
from tests.chains.anvil_backend import AnvilBackend
from tests.chains.private_derivation import ABANDON_SEED
from tests.journeys.books import books
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, World
from tests.sweeping.steps_of_sweeping import gas_books, holdings, moves, quarter, stand

pytestmark = pytest.mark.slow
PAID = 100_000_000
TOP_UP_GAS = 21_000


@pytest.fixture
def anvil(tmp_path: Any) -> Iterator[AnvilBackend]:
    made = AnvilBackend(tmp_path, "ETH", "USDT")
    yield made
    made.close()


@pytest.fixture
def world(aws: Aws, clock: FakeClock, anvil: AnvilBackend) -> World:
    settings = make_settings(allow_local_callbacks=True, sweep_above_cents=5_000)
    deposits = SeedSigner("EVM", settings.deposit_xpubs["EVM"], lambda: ABANDON_SEED)
    env = make_environment(
        aws,
        clock,
        settings,
        chains={"ETH": anvil.adapter},
        signers={"ETH": HotWalletSigner(anvil.signer, deposits)},
        queues=HeldQueues(aws.queues, clock),
    )
    app = application()
    environment.provide(lambda: env)
    tenant = create_tenant(env, "Your Company", transaction_fee="1.0")
    hand: Any = SimpleNamespace(node=SimpleNamespace(mine=lambda _: anvil.hand.mine()))
    made = World(env, aws, clock, hand, ApiClient(app, token_for(env, tenant)))
    made.tenant = tenant
    return made


def gas_used(anvil: AnvilBackend, txid: str) -> int:
    return int(anvil.process.rpc.ask("eth_getTransactionReceipt", txid)["gasUsed"], 16)


def test_a_usdt_like_deposit_comes_home(world: World, anvil: AnvilBackend) -> None:
    deep = world.env.catalogue.most_confirmations("ETH")
    payment = world.create(currency="USDTERC20")
    before = anvil.hand.balance(anvil.hot_wallet, "USDT")
    anvil.pay(payment["address"], PAID)
    anvil.mine(deep)
    world.tick("ETH")
    owed = books(world, world.tenant, "USDTERC20")
    for _ in range(3):
        quarter(world, "ETH", deep)
    assert stand(world.env) == [("top-up", "completed"), ("sweep", "completed")]
    assert holdings(world.env, "ETH") == []
    assert anvil.hand.balance(payment["address"], "USDT") == 0
    assert anvil.hand.balance(anvil.hot_wallet, "USDT") == before + PAID
    assert books(world, world.tenant, "USDTERC20") == owed
    assert books(world, world.tenant, "ETH") == {}
    top_up, sweep = moves(world.env)
    took = [gas_used(anvil, one.attempts[one.mined or 0].txid) for one in (top_up, sweep)]
    assert took[0] == TOP_UP_GAS
    assert sum(took) < 75_000
    assert gas_books(world, "ETH")["network_expense"] == top_up.gas[1] + sweep.gas[1]
    assert anvil.hand.balance(payment["address"], "ETH") == top_up.amount - sweep.gas[1]
    print(f"\nan ERC-20 deposit swept: {took[0]} gas to top it up, {took[1]} to move it, {sum(took)} in all")
