from typing import Any

import pytest

from chalicelib.operator.command_line import run
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create, update
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.wallets.records import WalletRecord
from tests.journeys.books import books, history
from tests.support.client import Answer
from tests.support.tokens import token_for
from tests.support.world import World

TRON = "TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r"


@pytest.fixture
def paid(world: World) -> dict[str, Any]:
    """A payment of 100 USDT, of which 99 were credited."""
    return _paid(world)


def _paid(world: World, **fields: Any) -> dict[str, Any]:
    payment = world.create(**fields)
    world.pay(payment, 100_000_000)
    world.mine(count=20)
    assert world.status(payment)["status"] == "completed"
    return payment


def refund(world: World, payment: dict[str, Any], **asked: Any) -> Answer:
    path = f"/payments/{payment['transaction_id']}/refund/"
    return world.client.post(path, {"address": TRON, **asked})


def test_all_that_was_credited_goes_back_and_no_more(world: World, paid: dict[str, Any]) -> None:
    answer = refund(world, paid, custom_id="r1")
    assert answer.status == 201, answer.text
    made = answer.json
    assert (made["payment_id"], made["requested_amount"]) == (paid["transaction_id"], "99.00000000")
    assert (made["currency"], made["status"], made["custom_id"]) == ("USDTTRC20", "pending", "r1")
    again = refund(world, paid)
    assert (again.status, again.code) == (409, "invalid_state")
    assert world.client.get(f"/withdrawal/{made['withdrawal_id']}/").json == made


def test_parts_add_up_to_what_was_credited(world: World, paid: dict[str, Any]) -> None:
    assert refund(world, paid, amount="60").status == 201
    more = refund(world, paid, amount="39.000001")
    assert (more.status, more.code) == (400, "above_maximum")
    assert "39.00000000" in more.json["error"]["message"]
    assert refund(world, paid).json["requested_amount"] == "39.00000000"
    assert refund(world, paid).code == "invalid_state"


def test_what_is_cancelled_can_be_asked_back_again(world: World, paid: dict[str, Any], tenant: NewTenant) -> None:
    made = refund(world, paid).json["withdrawal_id"]
    assert world.client.post(f"/withdrawal/{made}/cancel/").status == 200
    again = refund(world, paid)
    assert again.status == 201
    run(world.env, ["withdrawal", "reject", again.json["withdrawal_id"], "--reason", "no"])
    assert refund(world, paid, amount="99").status == 201
    world.settle()
    assert books(world, tenant)["master"] == -99_000_000


def test_a_refund_is_paid_and_has_its_row_in_the_history(world: World, paid: dict[str, Any]) -> None:
    world.node.fund_hot_wallet("TRX", "USDT", 10**12)
    world.node.fund_hot_wallet("TRX", "TRX", 10**12)
    made = refund(world, paid).json["withdrawal_id"]
    world.settle()
    world.mine(count=25)
    assert world.client.get(f"/withdrawal/{made}/").json["status"] == "completed"
    assert history(world) == [
        ("deposit", "99.00000000", "99.00000000"),
        ("refund", "-99.00000000", "0.00000000"),
    ]


def test_it_comes_out_of_the_wallet_that_was_credited(world: World, tenant: NewTenant) -> None:
    pk, sk = keys.wallet(tenant.tenant_id, "w_abc")
    world.env.store.commit(create(WalletRecord(pk=pk, sk=sk, name="Ann", number=1, created_at=0)))
    payment = _paid(world, wallet_id="w_abc")
    made = refund(world, payment).json
    assert made["wallet_id"] == "w_abc"
    balances = world.client.get("/user/balances/").json
    assert balances["sub_accounts"]["USDTTRC20"]["accounts"][0]["pending_amount"] == "99.00000000"


def test_a_key_refunds_once(world: World, paid: dict[str, Any]) -> None:
    path, body = f"/payments/{paid['transaction_id']}/refund/", {"address": TRON, "amount": "50"}
    headers = {"Idempotency-Key": "r"}
    first = world.client.post(path, body, headers=headers)
    again = world.client.post(path, body, headers=headers)
    assert (again.status, again.text, again.headers["idempotency-replayed"]) == (201, first.text, "true")
    assert world.client.get("/withdrawal/").json["total"] == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount": "0"}, "invalid_request"),
        ({"amount": "-1"}, "invalid_request"),
        ({"amount": "1e1"}, "invalid_request"),
        ({"amount": "1"}, "below_minimum"),
        ({"address": "nowhere"}, "invalid_address"),
        ({"currency": "BTC"}, "invalid_request"),
        ({"callback_url": "https://10.0.0.1/"}, "invalid_url"),
    ],
)
def test_bad_input_is_refused_and_takes_nothing(
    world: World, paid: dict[str, Any], changed: dict[str, Any], code: str
) -> None:
    answer = refund(world, paid, **changed)
    assert (answer.status, answer.code) == (400, code), answer.text
    assert refund(world, paid).json["requested_amount"] == "99.00000000"


def test_money_that_was_spent_cannot_be_refunded(world: World, paid: dict[str, Any]) -> None:
    spent = world.client.post("/withdrawal/", {"amount": "90", "currency": "USDTTRC20", "address": TRON})
    assert spent.status == 201
    answer = refund(world, paid)
    assert (answer.status, answer.code) == (400, "insufficient_balance")
    assert refund(world, paid, amount="9").status == 201, "what was refused took nothing of the payment"


def test_what_is_not_credited_yet_cannot_be_refunded(world: World) -> None:
    payment = world.create()
    assert (refund(world, payment).status, refund(world, payment).code) == (409, "invalid_state")
    missing = refund(world, {"transaction_id": "x" * 2000})
    assert (missing.status, missing.code) == (404, "not_found")


def test_another_tenants_payment_is_as_good_as_none(world: World, paid: dict[str, Any]) -> None:
    stranger = world.client.with_token(token_for(world.env, create_tenant(world.env, "Someone else")))
    foreign = stranger.post(f"/payments/{paid['transaction_id']}/refund/", {"address": TRON})
    missing = stranger.post("/payments/01a0c450-6c00-7001-8d21-7b00fa205958/refund/", {"address": TRON})
    assert (foreign.status, foreign.text) == (404, missing.text)


def test_a_payment_that_changes_in_between_has_it_decided_again(
    world: World, paid: dict[str, Any], tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reversal that comes between the look and the commit is seen: no more is refunded than is credited then."""
    store, key = world.env.store, keys.payment(tenant.tenant_id, paid["transaction_id"])
    read, looks = store.get_raw, []

    def get_raw(named: Any, **options: Any) -> Any:
        found = read(named, **options)
        if key in named:
            looks.append(key)
            if len(looks) == 1:
                store.commit(update(key, [PaymentRecord.version.add(1)]))
        return found

    monkeypatch.setattr(store, "get_raw", get_raw)
    assert refund(world, paid).status == 201
    assert len(looks) == 2
