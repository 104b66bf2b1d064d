import uuid
from typing import Any

import pytest

from chalicelib.ledger.service import fund
from chalicelib.operator.command_line import run
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.wallets.records import WalletRecord
from tests.journeys.books import books
from tests.support.tokens import token_for
from tests.support.world import World

TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
SAMPLE = {"amount": 50.00, "currency": "USDTTRC20", "address": TRON}
HOOK = {"callback_url": "https://your-site.com/webhook"}
FIELDS = {
    "withdrawal_id",
    "custom_id",
    "payment_id",
    "status",
    "version",
    "requested_amount",
    "amount",
    "fee",
    "platform_fee",
    "network_fee",
    "currency",
    "blockchain",
    "token",
    "address",
    "memo",
    "transaction_hash",
    "confirmations",
    "required_confirmations",
    "callback_url",
    "wallet_id",
    "error_message",
    "created_at",
    "updated_at",
    "completed_at",
}


@pytest.fixture
def funded(world: World, tenant: NewTenant) -> World:
    fund(world.env, tenant.tenant_id, "USDTTRC20", 1_000_000_000)
    world.settle()
    return world


def withdraw(world: World, **changed: Any) -> Any:
    return world.client.post("/withdrawal/", {**SAMPLE, **changed})


def available(world: World) -> tuple[str, str]:
    account = world.client.get("/user/balances/").json["account"]["USDTTRC20"]
    return account["available_balance"], account["pending_amount"]


def units(amount: str) -> int:
    return int(amount.replace(".", ""))


def test_the_overviews_first_sample(funded: World) -> None:
    answer = withdraw(funded, **HOOK)
    assert answer.status == 201, answer.text
    made = answer.json
    assert set(made) == FIELDS
    assert (made["status"], made["version"], made["requested_amount"]) == ("pending", 1, "50.00000000")
    assert (made["currency"], made["blockchain"], made["token"]) == ("USDTTRC20", "TRX", "USDT")
    assert made["platform_fee"] == "0.50000000"
    assert units(made["fee"]) == units(made["platform_fee"]) + units(made["network_fee"])
    assert units(made["amount"]) == units("50.00000000") - units(made["fee"])
    assert available(funded) == ("950.00000000", "50.00000000")
    assert funded.client.get(f"/withdrawal/{made['withdrawal_id']}/").json == made
    assert funded.client.post("/withdrawal/status/", {"withdrawal_id": made["withdrawal_id"]}).json == made


def test_the_overviews_second_sample(funded: World) -> None:
    sample = {"address": TRON, **HOOK}
    fiat = {"price_amount": 50.00, "price_currency": "USD", "blockchain": "tron", "token": "usdt"}
    answer = funded.client.post("/withdrawal/", {**sample, **fiat})
    assert answer.status == 201, answer.text
    rate = funded.client.get("/rates/", query={"currency_from": "USD", "currency_to": "USDTTRC20", "amount": "50"})
    assert units(answer.json["requested_amount"]) == round(rate.json["estimated_amount"] * 10**8)


def test_a_final_amount_has_the_fees_on_top(funded: World) -> None:
    made = withdraw(funded, final_amount=True).json
    assert (made["requested_amount"], made["amount"]) == ("50.00000000", "50.00000000")
    held = units("50.00000000") + units(made["fee"])
    assert units(available(funded)[1]) == held


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("asked", [{"amount": "61.234567"}, {"price_amount": "61.23", "price_currency": "EUR"}])
def test_estimates_are_what_is_charged(funded: World, asked: dict[str, str], final: bool) -> None:
    common = {"currency": "USDTTRC20", "final_amount": final, **asked}
    estimate = funded.client.post("/withdrawal/estimate/", common).json
    fees = funded.client.post("/withdrawal/fee-estimate/", {**common, "address": TRON}).json
    made = funded.client.post("/withdrawal/", {**common, "address": TRON}).json
    assert {name: made[name] for name in estimate} == estimate
    assert {name: made[name] for name in fees if name in made} == {k: v for k, v in fees.items() if k in made}
    assert (fees["is_new_address"], fees["address_activation_fee"]) == (False, "0.00000000")


def test_the_tenants_own_withdrawal_fee(funded: World, tenant: NewTenant) -> None:
    run(funded.env, ["tenant", "set-withdrawal-fee", tenant.tenant_id, "2.5"])
    assert withdraw(funded).json["platform_fee"] == "1.25000000"
    run(funded.env, ["tenant", "set-withdrawal-fee", tenant.tenant_id, "none"])
    assert withdraw(funded).json["platform_fee"] == "0.50000000"


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"amount": None}, 400, "invalid_request", "amount"),
        ({"price_amount": 50}, 400, "invalid_request", "price_amount"),
        ({"price_currency": "USD"}, 400, "invalid_request", "price_currency"),
        (
            {"amount": None, "price_amount": "50", "price_currency": "BTC"},
            400,
            "invalid_currency",
            "price_currency",
        ),
        ({"amount": None, "price_amount": "50.001"}, 400, "invalid_request", "price_amount"),
        ({"amount": "-1"}, 400, "invalid_request", "amount"),
        ({"amount": "0"}, 400, "invalid_request", "amount"),
        ({"amount": "5e1"}, 400, "invalid_request", "amount"),
        ({"amount": "50.0000001"}, 400, "invalid_request", "amount"),
        ({"amount": "4.999999"}, 400, "below_minimum", "amount"),
        ({"amount": "100000.000001"}, 400, "above_maximum", "amount"),
        ({"amount": "1000.000001"}, 400, "insufficient_balance", "amount"),
        ({"amount": "1000", "final_amount": True}, 400, "insufficient_balance", "amount"),
        ({"currency": "ETH", "amount": "1"}, 400, "invalid_address", "address"),
        ({"currency": "NOPE"}, 400, "invalid_currency", "currency"),
        ({"currency": None}, 400, "invalid_currency", "currency"),
        ({"blockchain": "ETH"}, 400, "invalid_currency", "blockchain"),
        ({"address": TRON[:-1] + "J"}, 400, "invalid_address", "address"),
        ({"address": "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"}, 400, "invalid_address", "address"),
        ({"address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}, 400, "invalid_address", "address"),
        ({"address": ""}, 400, "invalid_request", "address"),
        ({"address": None}, 400, "invalid_request", "address"),
        ({"memo": ""}, 400, "invalid_request", "memo"),
        ({"custom_id": "x" * 65}, 400, "invalid_request", "custom_id"),
        ({"callback_url": "http://10.0.0.1/"}, 400, "invalid_url", "callback_url"),
        ({"wallet_id": "w_nobody"}, 404, "not_found", "wallet_id"),
        ({"final_amount": "yes"}, 400, "invalid_request", "final_amount"),
        ({"adress": TRON}, 400, "invalid_request", "adress"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(
    funded: World, changed: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = withdraw(funded, **changed)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert field in answer.json["error"]["details"], answer.text
    assert available(funded) == ("1000.00000000", "0.00000000")
    assert funded.client.get("/withdrawal/").json["total"] == 0


def test_all_that_is_available_can_be_withdrawn_and_no_more(funded: World) -> None:
    assert withdraw(funded, amount="1000").status == 201
    assert available(funded) == ("0.00000000", "1000.00000000")
    assert withdraw(funded, amount="5").code == "insufficient_balance"


def test_a_memo_goes_where_the_chain_carries_one(funded: World) -> None:
    assert withdraw(funded, memo="invoice 7").json["memo"] == "invoice 7"
    evm = {"currency": "USDTARB", "address": "0x" + "ab" * 20, "amount": "5"}
    assert withdraw(funded, memo="invoice 7", **evm).json["error"]["details"].keys() == {"memo"}


def test_a_custom_id_names_one_withdrawal_for_ever(funded: World) -> None:
    first = withdraw(funded, custom_id="payout-1").json
    again = withdraw(funded, custom_id="payout-1", amount="7")
    assert (again.status, again.code) == (409, "duplicate_custom_id")
    assert again.json["error"]["details"] == {"withdrawal_id": [first["withdrawal_id"]]}
    funded.client.post(f"/withdrawal/{first['withdrawal_id']}/cancel/")
    assert withdraw(funded, custom_id="payout-1").code == "duplicate_custom_id"
    assert withdraw(funded, custom_id="payout-2").status == 201
    stranger = create_tenant(funded.env, "Someone else")
    fund(funded.env, stranger.tenant_id, "USDTTRC20", 100_000_000)
    other = funded.client.with_token(token_for(funded.env, stranger))
    assert other.post("/withdrawal/", {**SAMPLE, "custom_id": "payout-1"}).status == 201


def test_a_key_accepts_once_and_answers_the_same_bytes(funded: World) -> None:
    headers = {"Idempotency-Key": "w-1"}
    first = funded.client.post("/withdrawal/", SAMPLE, headers=headers)
    cancelled = funded.client.post(f"/withdrawal/{first.json['withdrawal_id']}/cancel/", headers=headers)
    assert cancelled.json["status"] == "cancelled"
    again = funded.client.post("/withdrawal/", SAMPLE, headers=headers)
    assert (again.status, again.text, again.headers["idempotency-replayed"]) == (201, first.text, "true")
    funded.sweep()
    repeat = funded.client.post(f"/withdrawal/{first.json['withdrawal_id']}/cancel/", headers=headers)
    assert (repeat.status, repeat.text, repeat.headers["idempotency-replayed"]) == (200, cancelled.text, "true")
    other = funded.client.post("/withdrawal/", {**SAMPLE, "amount": 51}, headers=headers)
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert available(funded) == ("1000.00000000", "0.00000000")


def test_a_cancelled_withdrawal_gives_all_back_and_is_told(funded: World, tenant: NewTenant) -> None:
    made = withdraw(funded).json
    answer = funded.client.post(f"/withdrawal/{made['withdrawal_id']}/cancel/")
    assert answer.status == 200, answer.text
    assert (answer.json["status"], answer.json["version"]) == ("cancelled", 2)
    assert available(funded) == ("1000.00000000", "0.00000000")
    again = funded.client.post(f"/withdrawal/{made['withdrawal_id']}/cancel/")
    assert (again.status, again.code) == (409, "invalid_state")
    funded.settle()
    [event] = funded.events(tenant.tenant_id)
    assert (event["event"], event["status"]) == ("withdrawal_status_update", "cancelled")
    assert event["data"] == answer.json
    assert books(funded, tenant)["master"] == -1_000_000_000


def test_a_withdrawal_out_of_a_wallet(funded: World, tenant: NewTenant) -> None:
    pk, sk = keys.wallet(tenant.tenant_id, "w_abc")
    funded.env.store.commit(create(WalletRecord(pk=pk, sk=sk, name="Ann", number=1, created_at=0)))
    assert withdraw(funded, wallet_id="w_abc").code == "insufficient_balance"
    assert available(funded) == ("1000.00000000", "0.00000000")


def test_another_tenants_withdrawal_is_as_good_as_none(funded: World) -> None:
    made = withdraw(funded).json["withdrawal_id"]
    stranger = funded.client.with_token(token_for(funded.env, create_tenant(funded.env, "Someone else")))
    for unknown in (str(uuid.uuid4()), "x", "x" * 2000, made.upper()):
        missing = stranger.get(f"/withdrawal/{unknown}/")
        assert missing.status == 404
        foreign = stranger.get(f"/withdrawal/{made}/")
        assert (foreign.status, foreign.text) == (404, missing.text)
        foreign = stranger.post(f"/withdrawal/{made}/cancel/")
        assert (foreign.status, foreign.text) == (404, stranger.post(f"/withdrawal/{unknown}/cancel/").text)
    foreign = stranger.post("/withdrawal/status/", {"withdrawal_id": made})
    assert foreign.text == stranger.post("/withdrawal/status/", {"withdrawal_id": str(uuid.uuid4())}).text
    assert stranger.get("/withdrawal/").json["total"] == 0


def test_the_least_amount_and_what_is_available(funded: World) -> None:
    answer = funded.client.post("/withdrawal/min-amount/", {"currency": "USDTTRC20"})
    assert answer.text == '{"min_amount":5.0,"currency":"USDTTRC20","blockchain":"TRX","token":"USDT"}'
    withdraw(funded, amount="100")
    listed = funded.client.get("/withdrawal/available-currencies/").json
    assert listed == {
        "currencies": [
            {
                "currency": "USDTTRC20",
                "name": "Tether USD",
                "blockchain": "TRX",
                "token": "USDT",
                "balance": "900.00000000",
                "min_withdrawal": "5.00000000",
                "max_withdrawal": "900.00000000",
            }
        ],
        "total": 1,
    }
    assert withdraw(funded, amount="896").status == 201
    [row] = funded.client.get("/withdrawal/available-currencies/").json["currencies"]
    assert (row["balance"], row["max_withdrawal"]) == ("4.00000000", "0.00000000")
    assert withdraw(funded, amount="4.000001").code == "below_minimum"


def test_a_fee_that_takes_all_raises_the_least_amount(funded: World, tenant: NewTenant) -> None:
    run(funded.env, ["tenant", "set-withdrawal-fee", tenant.tenant_id, "90"])
    answer = funded.client.post("/withdrawal/min-amount/", {"blockchain": "TRX", "token": "USDT"})
    least = answer.json["min_amount"]
    assert least > 5
    assert withdraw(funded, amount=str(least)).json["amount"] == "0.00000100"
    assert withdraw(funded, amount=str(round(least - 0.000001, 6))).code == "below_minimum"


@pytest.mark.parametrize("path", ["estimate", "fee-estimate"])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount": "1"}, "below_minimum"),
        ({"amount": "200000"}, "above_maximum"),
        ({"currency": "NOPE"}, "invalid_currency"),
        ({"amount": None}, "invalid_request"),
        ({"final_amount": None}, "invalid_request"),
    ],
)
def test_an_estimate_is_refused_as_its_withdrawal_would_be(
    world: World, path: str, changed: dict[str, Any], code: str
) -> None:
    answer = world.client.post(f"/withdrawal/{path}/", {"amount": "100", "currency": "USDTTRC20", **changed})
    assert (answer.status, answer.code) == (400, code)


def test_stale_rates_refuse_a_fiat_amount_and_nothing_else(funded: World) -> None:
    funded.clock.advance(600)
    fiat = withdraw(funded, amount=None, price_amount="50", price_currency="EUR")
    assert (fiat.status, fiat.code) == (503, "rates_unavailable")
    assert withdraw(funded).status == 201
