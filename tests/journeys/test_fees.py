"""``GET /user/fees/``: what the platform took from a tenant, of every account, in every way."""

import pytest

from chalicelib.ledger.service import fund
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.tokens import token_for
from tests.support.world import World


@pytest.fixture
def admin(world: World, tenant: NewTenant):
    return world.client.with_token(token_for(world.env, tenant, "read", "write", "admin"))


def fees(admin) -> dict:
    answer = admin.get("/user/fees/")
    assert answer.status == 200, answer.text
    return dict(answer.json)


def test_it_needs_the_scope_admin_and_no_other(world: World, tenant: NewTenant):
    assert world.client.get("/user/fees/").json["error"]["details"]["required_scopes"] == ["admin"]
    only = world.client.with_token(token_for(world.env, tenant, "admin"))
    assert fees(only) == {"fee_balances": {}, "recent_collections": [], "total_fees_usd_estimate": "0.00"}


def test_fees_of_the_master_and_of_sub_accounts_newest_first(world: World, tenant: NewTenant, admin):
    wallet = world.client.post("/wallets/", {"name": "One"}).json["wallet_id"]
    first = world.create()
    second = world.create(wallet_id=wallet, currency="USDTARB")
    for payment, chain in ((first, "TRX"), (second, "ARB")):
        world.pay(payment, 100_000_000)
        world.mine(chain, count=25)
    fund(world.env, tenant.tenant_id, "BTC", 10)
    world.settle()
    shown = fees(admin)
    assert shown["fee_balances"] == {"USDTARB": "1.00000000", "USDTTRC20": "1.00000000"}
    assert [(one["currency"], one["amount"], one["reference"]) for one in shown["recent_collections"]] == [
        ("USDTARB", "1.00000000", second["transaction_id"]),
        ("USDTTRC20", "1.00000000", first["transaction_id"]),
    ]
    assert 1.9 < float(shown["total_fees_usd_estimate"]) < 2.1


def test_what_a_reversal_gives_back_is_negative_and_the_sum_is_what_is_left(world: World, admin):
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=20)
    world.node.reorg("TRX", 21, drop=[txid])
    world.mine(count=25)
    shown = fees(admin)
    assert [one["amount"] for one in shown["recent_collections"]] == ["-1.00000000", "1.00000000"]
    assert shown["fee_balances"] == {}


def test_only_the_newest_fifty_are_listed_and_the_cost_is_bounded(world: World, admin, aws_calls):
    payments = [world.create() for _ in range(55)]
    for payment in payments:
        world.pay(payment, 100_000_000)
    world.mine(count=20)
    fees(admin)
    aws_calls.reset()
    shown = fees(admin)
    assert len(shown["recent_collections"]) == 50
    assert shown["fee_balances"] == {"USDTTRC20": "55.00000000"}
    assert len(aws_calls.made) <= 4


def test_stale_prices_leave_only_the_estimate_out(world: World, admin):
    world.pay(world.create(), 100_000_000)
    world.mine(count=20)
    world.clock.advance(400)
    shown = fees(admin)
    assert shown["total_fees_usd_estimate"] is None
    assert shown["fee_balances"] == {"USDTTRC20": "1.00000000"}


def test_of_a_withdrawal_only_the_platforms_part_counts(world: World, tenant: NewTenant, admin):
    fund(world.env, tenant.tenant_id, "USDTTRC20", 1_000_000_000)
    for token in ("USDT", "TRX"):
        world.node.fund_hot_wallet("TRX", token, 10**12)
    body = {"amount": "100", "currency": "USDTTRC20", "address": "TBXSw8fM4jpQkGc6zZjsVABFpVN7UvXPdV"}
    made = world.client.post("/withdrawal/", body)
    assert made.status == 201, made.text
    for _ in range(25):
        world.mine()
        world.sweep()
    done = world.client.get(f"/withdrawal/{made.json['withdrawal_id']}/").json
    assert done["status"] == "completed", done
    shown = fees(admin)
    assert shown["fee_balances"] == {"USDTTRC20": done["platform_fee"]}
    [collected] = shown["recent_collections"]
    assert (collected["amount"], collected["reference"]) == (done["platform_fee"], done["withdrawal_id"])


def test_another_tenants_fees_are_not_told(world: World, tenant: NewTenant):
    world.pay(world.create(), 100_000_000)
    world.mine(count=20)
    other = create_tenant(world.env, "Other", admin=True)
    assert fees(world.client.with_token(token_for(world.env, other, "admin")))["fee_balances"] == {}
