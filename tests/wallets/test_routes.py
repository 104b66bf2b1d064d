from typing import Any

import pytest

from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import wallet_account
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.wallets.records import WalletRecord
from tests.support.aws import AwsCalls
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.tokens import token_for

CREATED = "2026-09-21T14:13:20Z"


def made(client: ApiClient, name: str = "My Wallet", **fields: Any) -> dict[str, Any]:
    answer = client.post("/wallets/", {"name": name, **fields})
    assert answer.status == 201, answer.text
    return dict(answer.json)


def credited(env: Environment, tenant: NewTenant, wallet: dict[str, Any], code: str, units: int) -> None:
    account = wallet_account(wallet["wallet_id"])
    before = book.read_balance(env.store, tenant.tenant_id, account, code)
    posting = rules.credit(before, account, units, units)
    env.store.commit(*book.posting_writes(tenant.tenant_id, code, posting))


def test_a_wallet_is_created_and_found_by_each_of_its_names(client: ApiClient) -> None:
    wallet = made(client, external_id="ext_123")
    assert wallet == {
        "id": 1,
        "name": "My Wallet",
        "external_id": "ext_123",
        "wallet_id": wallet["wallet_id"],
        "created": CREATED,
        "updated": CREATED,
        "balances": [],
    }
    assert wallet["wallet_id"].startswith("w_00000001")
    for path in ("/wallets/1/", "/wallets/1", f"/wallets/{wallet['wallet_id']}/"):
        assert client.get(path).json == wallet
    for name in ({"wallet_id": wallet["wallet_id"]}, {"external_id": "ext_123"}):
        assert client.post("/wallets/balances/", name).json == wallet


def test_wallets_show_what_they_have(client: ApiClient, env: Environment, tenant: NewTenant) -> None:
    wallets = [made(client, f"Wallet {number}") for number in range(3)]
    credited(env, tenant, wallets[0], "USDTTRC20", 5_000_000)
    credited(env, tenant, wallets[2], "BTC", 1)
    credited(env, tenant, wallets[2], "USDTTRC20", 300_000_000)
    listed = client.get("/wallets/").json
    assert [one["id"] for one in listed["accounts"]] == [3, 2, 1]
    assert (listed["total"], listed["limit"], listed["offset"], listed["next_cursor"]) == (3, 1000, 0, None)
    shown = {
        "currency": "USDTTRC20",
        "amount": "300.00000000",
        "pending_amount": "0.00000000",
        "available_balance": "300.00000000",
    }
    assert listed["accounts"][0]["balances"][1] == shown
    assert [one["currency"] for one in listed["accounts"][0]["balances"]] == ["BTC", "USDTTRC20"]
    assert listed["accounts"][1]["balances"] == []
    assert client.get("/wallets/3/").json == listed["accounts"][0]


def test_the_list_is_paged(client: ApiClient, clock: FakeClock) -> None:
    for number in range(7):
        made(client, f"Wallet {number}")
        clock.advance(1)
    page = client.get("/wallets/", query={"limit": "3", "offset": "1"}).json
    assert ([one["id"] for one in page["accounts"]], page["total"]) == ([6, 5, 4], 7)
    after = client.get("/wallets/", query={"limit": "3", "cursor": page["next_cursor"]}).json
    assert [one["id"] for one in after["accounts"]] == [3, 2, 1]
    assert after["next_cursor"] is None
    assert client.get("/wallets/", query={"limit": "1001"}).code == "invalid_request"
    assert client.get("/wallets/", query={"offset": "-1"}).code == "invalid_request"


def test_a_page_of_wallets_is_read_in_two_calls(client: ApiClient, aws_calls: AwsCalls) -> None:
    for number in range(5):
        made(client, f"Wallet {number}")
    client.get("/wallets/")
    aws_calls.reset()
    client.get("/wallets/")
    assert aws_calls.made == ["Query", "Query"]


def test_an_external_id_is_unique_in_the_tenant_alone(client: ApiClient, env: Environment) -> None:
    first = made(client, external_id="mine")
    again = client.post("/wallets/", {"name": "Another", "external_id": "mine"})
    assert (again.status, again.code) == (400, "duplicate_external_id")
    assert client.get("/wallets/").json["total"] == 1
    other = create_tenant(env, "Another Company")
    theirs = made(client.with_token(token_for(env, other)), external_id="mine")
    assert theirs["wallet_id"] != first["wallet_id"]
    assert theirs["id"] == 1


def test_a_failed_creation_leaves_a_gap_and_no_wallet(client: ApiClient) -> None:
    made(client, external_id="mine")
    client.post("/wallets/", {"name": "Another", "external_id": "mine"})
    assert made(client)["id"] == 3
    assert client.get("/wallets/2/").code == "not_found"


def test_the_same_key_makes_one_wallet(client: ApiClient) -> None:
    body = {"name": "My Wallet", "external_id": "mine"}
    first, second = (client.post("/wallets/", body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, second.status, second.text) == (201, 201, first.text)
    assert second.headers["idempotency-replayed"] == "true"
    other = client.post("/wallets/", {"name": "Other"}, headers={"Idempotency-Key": "k"})
    assert other.code == "idempotency_mismatch"
    assert client.get("/wallets/").json["total"] == 1


@pytest.mark.parametrize(
    "name", ["2", "0", "999999999999999", "w_unknown", "x" * 2000, "w_0~", "%00", "1.0", "-1"]
)
def test_what_is_no_wallet_is_not_found(client: ApiClient, name: str) -> None:
    made(client)
    assert client.get(f"/wallets/{name}/").code == "not_found"


def test_another_tenants_wallet_is_none(client: ApiClient, env: Environment) -> None:
    wallet = made(client, external_id="mine")
    other = client.with_token(token_for(env, create_tenant(env, "Another Company")))
    unknown = {"wallet_id": wallet["wallet_id"], "currency": "BTC", "amount": "1"}
    for path, body in (
        ("/wallets/balances/", {"wallet_id": wallet["wallet_id"]}),
        ("/wallets/balances/", {"external_id": "mine"}),
        ("/wallets/transfer-history/", {"wallet_id": wallet["wallet_id"]}),
        ("/wallets/transfer-to-user/", unknown),
        ("/wallets/withdraw-to-master/", unknown),
    ):
        assert other.post(path, body).code == "not_found"
    assert other.get("/wallets/1/").code == "not_found"
    assert other.get(f"/wallets/{wallet['wallet_id']}/").code == "not_found"


def test_wallet_id_wins(client: ApiClient) -> None:
    first, _ = made(client, external_id="one"), made(client, external_id="two")
    both = {"wallet_id": first["wallet_id"], "external_id": "two"}
    assert client.post("/wallets/balances/", both).json["id"] == 1
    assert client.post("/wallets/balances/", {"wallet_id": "w_x", "external_id": "two"}).code == "not_found"
    assert client.post("/wallets/balances/", {}).code == "invalid_request"


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 101}, {"name": "x", "external_id": "x" * 101}]
)
def test_what_cannot_be_a_wallet_is_refused(client: ApiClient, body: dict[str, Any]) -> None:
    assert client.post("/wallets/", body).code == "invalid_request"


def test_balances_list_sub_accounts_and_count_all(client: ApiClient, env: Environment, tenant: NewTenant) -> None:
    wallets = [made(client, f"Wallet {number}") for number in range(3)]
    credited(env, tenant, wallets[0], "USDTTRC20", 300_000_000)
    credited(env, tenant, wallets[1], "USDTTRC20", 200_000_000)
    found = client.get("/user/balances/").json
    assert found["sub_accounts"]["USDTTRC20"]["total_amount"] == "500.00000000"
    assert found["sub_accounts"]["USDTTRC20"]["total_pending"] == "0.00000000"
    assert found["sub_accounts"]["USDTTRC20"]["accounts"][0] == {
        "account_name": "Wallet 0",
        "account_id": wallets[0]["wallet_id"],
        "amount": "300.00000000",
        "pending_amount": "0.00000000",
        "available_balance": "300.00000000",
    }
    assert found["statistics"] == {"currencies_count": 1, "subaccounts_count": 3}


def test_the_list_stays_right_when_it_is_sealed(client: ApiClient, env: Environment, tenant: NewTenant) -> None:
    from chalicelib.lists.sealing import seal  # noqa: PLC0415 -- only this test
    from chalicelib.wallets.rows import wallet_rows  # noqa: PLC0415

    old = int(env.clock.now()) - 3600
    for number in range(1, 101):
        pk, sk = keys.wallet(tenant.tenant_id, f"w_{number:08x}00000000")
        record = WalletRecord(pk=pk, sk=sk, name=f"Wallet {number}", number=number, created_at=old)
        env.store.commit(create(record))
    while seal(env, wallet_rows(tenant.tenant_id)):
        pass
    page = client.get("/wallets/", query={"limit": "5", "offset": "60"}).json
    assert ([one["id"] for one in page["accounts"]], page["total"]) == ([40, 39, 38, 37, 36], 100)
    everything = client.get("/wallets/").json["accounts"]
    assert [one["id"] for one in everything] == list(range(100, 0, -1))
    assert client.get("/wallets/96/").json["name"] == "Wallet 96"
    assert client.get("/wallets/100/").json["name"] == "Wallet 100"
