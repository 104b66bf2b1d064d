import uuid

import pytest

from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.wallets.records import WalletRecord
from tests.support.tokens import token_for
from tests.support.world import World

SAMPLE = {
    "amount": 100.00,
    "currency": "USDTTRC20",
    "price_currency": "USD",
    "callback_url": "https://your-site.com/webhook",
    "order_id": "order_123",
    "order_description": "Payment for order 123",
    "is_fixed_rate": True,
    "is_fee_paid_by_user": False,
    "customer_email": "buyer@shop.example",
    "expiry_minutes": 30,
}


def test_the_overviews_sample(world: World) -> None:
    answer = world.client.post("/payments/", SAMPLE)
    assert answer.status == 201
    assert answer.json["amount_usd"] == "100.00"
    assert answer.json["rate"] == "1"
    assert uuid.UUID(answer.json["transaction_id"]).version == 7
    assert world.status(answer.json) == answer.json


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount": "-1"}, "invalid_request", "amount"),
        ({"amount": "1e2"}, "invalid_request", "amount"),
        ({"amount": "0"}, "invalid_request", "amount"),
        ({"amount": "100.001"}, "invalid_request", "amount"),
        ({"amount": None}, "invalid_request", "amount"),
        ({"amount": True}, "invalid_request", "amount"),
        ({"currency": "NOPE"}, "invalid_currency", "currency"),
        ({"price_currency": "XXX"}, "invalid_currency", "price_currency"),
        ({"blockchain": "BTC", "token": "BTC"}, "invalid_currency", None),
        ({"currency": None}, "invalid_currency", None),
        ({"callback_url": "ftp://your-site.com/"}, "invalid_url", "callback_url"),
        ({"callback_url": "https://10.0.0.1/"}, "invalid_url", "callback_url"),
        ({"expiry_minutes": 4}, "invalid_request", "expiry_minutes"),
        ({"expiry_minutes": 10_081}, "invalid_request", "expiry_minutes"),
        ({"expiry_minutes": 30.5}, "invalid_request", "expiry_minutes"),
        ({"order_id": "x" * 101}, "invalid_request", "order_id"),
        ({"order_description": "x" * 501}, "invalid_request", "order_description"),
        ({"customer_email": "x" * 250 + "@a.example"}, "invalid_request", "customer_email"),
        ({"is_fixed_rate": "yes"}, "invalid_request", "is_fixed_rate"),
        ({"ammount": "1"}, "invalid_request", "ammount"),
        ({"amount": "9.99"}, "below_minimum", "amount"),
        ({"amount": "100000.01"}, "above_maximum", "amount"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    world: World, changed: dict[str, object], code: str, field: str | None
) -> None:
    answer = world.client.post("/payments/", {**SAMPLE, "callback_url": None, **changed})
    assert (answer.status, answer.code) == (400, code), answer.text
    assert field is None or field in answer.json["error"]["details"], answer.text
    assert world.client.get("/payments/").json["total"] == 0


def test_a_wallet_that_does_not_exist_is_404(world: World) -> None:
    answer = world.client.post("/payments/", {**SAMPLE, "wallet_id": "wallet_abc123"})
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_wallet_is_credited_in_place_of_the_master(world: World, tenant: NewTenant) -> None:
    pk, sk = keys.wallet(tenant.tenant_id, "w_abc")
    world.env.store.commit(create(WalletRecord(pk=pk, sk=sk, name="Ann", number=1, created_at=0)))
    payment = world.create(wallet_id="w_abc")
    world.pay(payment, 100_000_000)
    world.mine(count=20)
    balances = world.client.get("/user/balances/").json
    assert balances["account"] == {}
    assert balances["sub_accounts"]["USDTTRC20"]["accounts"][0]["amount"] == "99.00000000"
    rows = world.client.get("/user/balances/history/", query={"wallet_id": "w_abc"}).json
    assert (rows["total"], rows["history"][0]["balance_after"]) == (1, "99.00000000")


def test_a_key_creates_once_and_answers_the_same_bytes(world: World) -> None:
    headers = {"Idempotency-Key": "order-123"}
    sample = {**SAMPLE, "callback_url": None}
    first = world.client.post("/payments/", sample, headers=headers)
    world.pay(first.json, 100_000_000)
    world.mine(count=20)
    again = world.client.post("/payments/", sample, headers=headers)
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotency-replayed"] == "true"
    assert world.client.get("/payments/").json["total"] == 1
    other = world.client.post("/payments/", {**SAMPLE, "amount": 101}, headers=headers)
    assert (other.status, other.code) == (422, "idempotency_mismatch")


def test_another_tenants_payment_is_as_good_as_none(world: World) -> None:
    payment = world.create()
    stranger = world.client.with_token(token_for(world.env, create_tenant(world.env, "Someone else")))
    foreign = stranger.post("/payments/status/", {"transaction_id": payment["transaction_id"]})
    missing = stranger.post("/payments/status/", {"transaction_id": str(uuid.uuid4())})
    assert (foreign.status, foreign.text) == (404, missing.text)
    assert stranger.get("/payments/").json["total"] == 0


def test_the_list_is_filtered_and_paged(world: World) -> None:
    made = [world.create(order_id=f"o{number}") for number in range(7)]
    made += [world.create(currency="BTC", amount="500", order_id="btc")]
    ids = [payment["transaction_id"] for payment in made][::-1]

    def listed(**query: str) -> list[str]:
        answer = world.client.get("/payments/", query=query)
        assert answer.status == 200, answer.text
        assert answer.json["count"] == len(answer.json["results"])
        return [payment["transaction_id"] for payment in answer.json["results"]]

    assert listed() == ids
    assert listed(limit="3", offset="2") == ids[2:5]
    assert listed(currency="btc") == listed(blockchain="bitcoin") == listed(token="BTC") == ids[:1]
    assert listed(order_id="o3") == [ids[4]]
    assert listed(status="completed") == []
    assert listed(blockchain="BTC", token="USDT") == []
    walked, cursor = [], None
    while True:
        page = world.client.get("/payments/", query={"limit": "3"} | ({"cursor": cursor} if cursor else {})).json
        walked += [payment["transaction_id"] for payment in page["results"]]
        assert page["total"] == 8
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == ids


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"offset": "-1"},
        {"status": "paid"},
        {"blockchain": "DOGE"},
        {"token": "NOPE"},
        {"currency": "NOPE"},
        {"cursor": "%%%"},
        {"sort": "up"},
    ],
)
def test_a_filter_that_means_nothing_is_400(world: World, query: dict[str, str]) -> None:
    assert world.client.get("/payments/", query=query).status == 400


def test_the_least_and_the_most(world: World) -> None:
    answer = world.client.get("/payments/min-amount/", query={"currency": "USDTTRC20"})
    assert answer.text == (
        '{"currency":"USDTTRC20","min_amount":10.0,"max_amount":100000.0,"blockchain":"TRX","token":"USDT"}'
    )
    assert world.client.get("/payments/min-amount/").status == 400
