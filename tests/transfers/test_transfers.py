from typing import Any

import pytest

from tests.journeys.books import books, history, statuses
from tests.support.world import Receiver, World
from tests.transfers.conftest import CODE


def transfer(world: World, wallet: dict[str, Any], amount: str = "100.00", **fields: Any) -> str:
    path = fields.pop("path", "/wallets/transfer-to-user/")
    body = {"wallet_id": wallet["wallet_id"], "currency": CODE, "amount": amount, **fields}
    answer = world.client.post(path, body)
    assert answer.status == 202, answer.text
    assert set(answer.json) == {"status", "transfer_id", "message"}
    return str(answer.json["transfer_id"])


def shown(world: World, wallet: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = world.client.post("/wallets/transfer-history/", {"wallet_id": wallet["wallet_id"], **fields})
    assert answer.status == 200, answer.text
    return dict(answer.json)


def test_a_transfer_moves_money_to_the_wallet_and_back(world: World, wallet: dict[str, Any]) -> None:
    transfer_id = transfer(world, wallet)
    pending = shown(world, wallet)["transfers"][0]
    assert (pending["id"], pending["status"], pending["completed_at"]) == (transfer_id, "pending", None)
    world.settle()
    assert shown(world, wallet)["transfers"][0] == {
        "id": transfer_id,
        "transfer_id": transfer_id,
        "transfer_type": "to_sub",
        "currency": CODE,
        "amount": "100.00000000",
        "status": "completed",
        "error": None,
        "created_at": "2026-09-21T14:13:20Z",
        "completed_at": "2026-09-21T14:13:20Z",
    }
    assert books(world, world.tenant)["master"] == -900_000_000
    transfer(world, wallet, "40", path="/wallets/withdraw-to-master/")
    world.settle()
    accounts = books(world, world.tenant)
    assert accounts["master"] == -940_000_000
    assert accounts[f"wallet:{wallet['wallet_id']}"] == -60_000_000
    rows = [("deposit", "1000.00000000", "1000.00000000"), ("transfer_out", "-100.00000000", "900.00000000")]
    assert history(world) == [*rows, ("transfer_in", "40.00000000", "940.00000000")]
    assert history(world, wallet_id=wallet["wallet_id"]) == [
        ("transfer_in", "100.00000000", "100.00000000"),
        ("transfer_out", "-40.00000000", "60.00000000"),
    ]


def test_what_is_plainly_too_much_is_refused_at_once(world: World, wallet: dict[str, Any]) -> None:
    body = {"wallet_id": wallet["wallet_id"], "currency": CODE, "amount": "1000.000001"}
    assert world.client.post("/wallets/transfer-to-user/", body).code == "insufficient_balance"
    assert world.client.post("/wallets/withdraw-to-master/", body).code == "insufficient_balance"
    assert shown(world, wallet)["transfers"] == []


def test_the_one_that_finds_too_little_fails_and_those_after_it_go_on(
    world: World, wallet: dict[str, Any], receiver: Receiver
) -> None:
    first, second, third = (
        transfer(world, wallet, amount, callback_url=receiver.url) for amount in ("600", "500", "400")
    )
    world.settle()
    found = {one["id"]: (one["status"], one["error"]) for one in shown(world, wallet)["transfers"]}
    assert found == {
        first: ("completed", None),
        second: ("failed", "insufficient_balance"),
        third: ("completed", None),
    }
    assert statuses(world, world.tenant) == ["completed", "failed", "completed"]
    assert [(body["transaction_id"], body["status"]) for body in receiver.bodies] == [
        (first, "completed"),
        (second, "failed"),
        (third, "completed"),
    ]
    assert receiver.bodies[1]["event"] == "transfer_status_update"
    assert receiver.bodies[1]["data"] == {one["id"]: one for one in shown(world, wallet)["transfers"]}[second]
    assert books(world, world.tenant).get("master", 0) == 0


def test_a_transfer_takes_an_idempotency_key(world: World, wallet: dict[str, Any]) -> None:
    body = {"wallet_id": wallet["wallet_id"], "currency": CODE, "amount": "1"}
    first, second = (
        world.client.post("/wallets/transfer-to-user/", body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (first.status, second.status, second.text) == (202, 202, first.text)
    assert second.headers["idempotency-replayed"] == "true"
    world.settle()
    assert shown(world, wallet)["pagination"]["total"] == 1


def test_a_wallet_is_named_by_its_external_id_too(world: World, wallet: dict[str, Any]) -> None:
    body = {"external_id": "ext_123", "currency": CODE, "amount": "1"}
    assert world.client.post("/wallets/transfer-to-user/", body).status == 202
    world.settle()
    account = world.client.post("/wallets/transfer-history/", {"external_id": "ext_123"}).json["account"]
    assert account == {"id": 1, "name": "My Wallet", "external_id": "ext_123", "wallet_id": wallet["wallet_id"]}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"wallet_id": "w_unknown"}, "not_found"),
        ({"wallet_id": None}, "invalid_request"),
        ({"amount": "0"}, "invalid_request"),
        ({"amount": "1.0000001"}, "invalid_request"),
        ({"currency": "NONE"}, "invalid_currency"),
        ({"callback_url": "ftp://x.example"}, "invalid_url"),
        ({"amout": "1"}, "invalid_request"),
    ],
)
def test_what_cannot_be_used_is_refused(
    world: World, wallet: dict[str, Any], changed: dict[str, Any], code: str
) -> None:
    body = {"wallet_id": wallet["wallet_id"], "currency": CODE, "amount": "1", **changed}
    assert world.client.post("/wallets/transfer-to-user/", body).code == code
    assert shown(world, wallet)["transfers"] == []


def test_the_history_is_filtered_and_paged(world: World, wallet: dict[str, Any]) -> None:
    made = []
    for _ in range(5):
        made.append(transfer(world, wallet, "10"))
        world.settle()
        world.clock.advance(1)
        made.append(transfer(world, wallet, "10", path="/wallets/withdraw-to-master/"))
        world.settle()
        world.clock.advance(1)
    page = shown(world, wallet, limit=3, offset=2)
    assert [one["id"] for one in page["transfers"]] == made[::-1][2:5]
    assert page["pagination"]["total"] == 10
    after = shown(world, wallet, limit=3, cursor=page["pagination"]["next_cursor"])
    assert [one["id"] for one in after["transfers"]] == made[::-1][5:8]
    to_sub = shown(world, wallet, transfer_type="to_sub", status="completed", currency=CODE)
    assert ([one["id"] for one in to_sub["transfers"]], to_sub["pagination"]["total"]) == (made[::2][::-1], 5)
    assert shown(world, wallet, status="failed")["pagination"]["total"] == 0
