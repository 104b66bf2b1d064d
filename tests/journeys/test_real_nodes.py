"""A payment and a withdrawal on real nodes, over HTTP: paid, confirmed, credited; paid out once, exactly."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from chalicelib import environment
from chalicelib.chains.directory import NamedChains
from chalicelib.ledger.service import differences
from chalicelib.tenants.service import create_tenant
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.real_nodes import RealNodes
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, World

pytestmark = pytest.mark.slow
STOCK = {"ETH": [("USDT", 10**12), ("ETH", 10**21)], "LTC": [("LTC", 10**9)] * 3, "BTC": [("BTC", 10**9)] * 3}
OUTSIDE = {
    "ETH": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "LTC": "ltc1qg42tkwuuxefutzxezdkdel39gfstuap288mfea",
    "BTC": "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
}


@pytest.fixture(params=["USDTERC20", "LTC", "BTC"])
def currency(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(aws: Aws, clock: FakeClock, tmp_path: Path, currency: str) -> Iterator[World]:
    blockchain = "ETH" if currency == "USDTERC20" else currency
    nodes = RealNodes(tmp_path, clock, [blockchain])
    settings = make_settings(allow_local_callbacks=True, **nodes.settings)
    env = make_environment(aws, clock, settings, queues=HeldQueues(aws.queues, clock))
    tenant = create_tenant(env, "Your Company", transaction_fee="1.0")
    app = application()
    environment.provide(lambda: env)
    made = World(env, aws, clock, nodes, ApiClient(app, token_for(env, tenant)))
    made.tenant = tenant
    for token, units in STOCK[blockchain]:
        made.node.fund_hot_wallet(blockchain, token, units)
    made.mine(blockchain, 4)
    yield made
    cast("NamedChains", env.chains).close()
    nodes.close()


def test_paid_confirmed_credited_and_paid_out_once(world: World, currency: str) -> None:
    known = world.env.catalogue.by_code(currency)
    chain, token = known.blockchain, known.token
    payment = world.create(currency=currency)
    txid = world.pay(payment, units_of(payment["amount_crypto"], known.decimals))
    world.tick(chain)
    assert world.status(payment)["status"] == "confirming"
    world.mine(chain, known.confirmations - 1)
    assert world.status(payment)["status"] == "confirming"
    world.mine(chain)
    paid = world.status(payment)
    assert (paid["status"], paid["transaction_hash"]) == ("completed", txid)
    available = world.client.get("/user/balances/").json["account"][currency]["available_balance"]
    assert available == shown(paid["total_paid_amount"], 99)

    asked = {"amount": shown(paid["total_paid_amount"], 50), "currency": currency, "address": OUTSIDE[chain]}
    answer = world.client.post("/withdrawal/", asked)
    assert answer.status == 201, answer.text
    world.settle()
    world.mine(chain, known.confirmations + 2)
    done = world.client.get(f"/withdrawal/{answer.json['withdrawal_id']}/").json
    assert done["status"] == "completed"
    world.sweep()
    world.mine(chain, 2)
    arrived = world.node.address_transfers(chain, OUTSIDE[chain])
    wanted = (done["transaction_hash"], token, units_of(done["amount"], known.decimals))
    assert [(one.txid, one.token, one.units) for one in arrived] == [wanted]
    assert differences(world.env, world.tenant.tenant_id) == []


def units_of(amount: str, decimals: int) -> int:
    whole, _, part = amount.partition(".")
    return int(whole + part[:decimals].ljust(decimals, "0"))


def shown(amount: str, percent: int) -> str:
    units = -(-units_of(amount, 8) * percent // 100)
    return f"{units // 10**8}.{units % 10**8:08d}"
