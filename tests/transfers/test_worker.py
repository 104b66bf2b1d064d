"""The worker under everything that queues and crashes do to it: twice, late, half, lost."""

from typing import Any

import pytest
from pynamodb.expressions.condition import Condition

from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.tenants import service as tenants
from chalicelib.transfers import draining, lane
from chalicelib.transfers.busy import BusyLane
from chalicelib.transfers.records import TransferRecord, key_of, part_of
from chalicelib.transfers.sweeping import TransferCursor
from chalicelib.transfers.workers import handle_transfers
from chalicelib.wallets.directory import WalletDirectory
from chalicelib.webhooks.outbox import Reminder
from tests.journeys.books import books, history, statuses
from tests.support.world import World, sqs_event
from tests.transfers.conftest import CODE
from tests.transfers.test_transfers import shown, transfer

ANY: Condition | None = None


def wakeups(world: World) -> list[str]:
    return world.aws.messages(world.env.settings.transfers_queue_url)


def drop_all(world: World) -> None:
    settings = world.env.settings
    for url in (settings.transfers_queue_url, settings.numbering_queue_url, settings.deliveries_queue_url):
        world.aws.messages(url)


def reminders(world: World) -> list[Reminder]:
    return [one for shard in keys.outbox_shards() for one in world.env.store.query_all(Reminder, shard)]


def busy(world: World) -> list[BusyLane]:
    return list(world.env.store.query_all(BusyLane, keys.busy_lanes()))


def wallets(world: World, count: int) -> list[dict[str, Any]]:
    return [world.client.post("/wallets/", {"name": f"Wallet {number}"}).json for number in range(count)]


def test_ninety_nine_waiting_transfers_are_three_transactions(world: World) -> None:
    for wallet in wallets(world, 99):
        transfer(world, wallet, "1")
    bodies = wakeups(world)
    world.aws.calls.reset()
    assert handle_transfers(world.env, sqs_event(bodies[0])) == {"batchItemFailures": []}
    made = world.aws.calls.made
    assert [made.count(name) for name in ("TransactWriteItems", "SendMessage")] == [3, 3]
    assert {"PutItem", "UpdateItem"}.isdisjoint(made)
    world.aws.calls.reset()
    assert handle_transfers(world.env, sqs_event(*bodies[1:])) == {"batchItemFailures": []}
    assert world.aws.calls.made == [], "this process knows that there is nothing left to do"
    world.settle()
    assert books(world, world.tenant)["master"] == -901_000_000
    assert len(history(world)) == 100


def test_the_same_wakeups_again_and_in_another_process_move_nothing(
    world: World, wallet: dict[str, Any], another_process: Any
) -> None:
    transfer(world, wallet, "10")
    transfer(world, wallet, "20")
    bodies = wakeups(world)
    for env in (world.env, another_process(), another_process()):
        assert handle_transfers(env, sqs_event(*bodies, *bodies)) == {"batchItemFailures": []}
    world.settle()
    assert books(world, world.tenant)["master"] == -970_000_000
    assert statuses(world, world.tenant) == ["completed", "completed"]


def test_a_late_wakeup_finds_those_after_it_settled(
    world: World, wallet: dict[str, Any], another_process: Any
) -> None:
    first, second = transfer(world, wallet, "10"), transfer(world, wallet, "20")
    draining.drain(another_process(), world.tenant.tenant_id, 0, [second])
    assert [one["status"] for one in shown(world, wallet)["transfers"]] == ["completed", "pending"]
    draining.drain(another_process(), world.tenant.tenant_id, 0, [first])
    assert [one["status"] for one in shown(world, wallet)["transfers"]] == ["completed", "completed"]


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem", "TransactWriteItems"])
def test_what_fails_comes_again(world: World, wallet: dict[str, Any], operation: str) -> None:
    transfer(world, wallet, "10")
    bodies = wakeups(world)
    world.aws.calls.fail(operation)
    assert handle_transfers(world.env, sqs_event(*bodies)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    world.aws.calls.reset()
    assert handle_transfers(world.env, sqs_event(*bodies)) == {"batchItemFailures": []}
    world.settle()
    assert books(world, world.tenant)["master"] == -990_000_000


def test_a_lost_wakeup_is_made_good_by_the_sweep(world: World, wallet: dict[str, Any]) -> None:
    transfer(world, wallet, "10")
    drop_all(world)
    world.sweep()
    assert shown(world, wallet)["transfers"][0]["status"] == "completed"
    assert statuses(world, world.tenant) == ["completed"]


def test_a_settled_transfer_whose_telling_is_lost_is_told_by_the_sweep(
    world: World, wallet: dict[str, Any]
) -> None:
    transfer(world, wallet, "10")
    handle_transfers(world.env, sqs_event(*wakeups(world)))
    drop_all(world)
    assert statuses(world, world.tenant) == []
    world.sweep()
    assert statuses(world, world.tenant) == ["completed"]
    assert len(history(world)) == 2


def test_an_event_that_was_never_sent_is_sent_by_the_sweep(
    world: World, wallet: dict[str, Any], receiver: Any
) -> None:
    transfer(world, wallet, "10", callback_url=receiver.url)
    handle_transfers(world.env, sqs_event(*wakeups(world)))
    world.env.queues._queues.deliver = lambda *_: None  # type: ignore[attr-defined] -- loses what is to be sent
    world.settle()
    assert statuses(world, world.tenant) == ["completed"]
    del world.env.queues._queues.deliver  # type: ignore[attr-defined]
    assert receiver.bodies == []
    world.sweep()
    world.sweep()
    assert [body["status"] for body in receiver.bodies] == ["completed"]
    for _ in range(3):
        world.sweep()
    assert reminders(world) == []


def test_the_sweep_forgets_a_part_when_all_is_told_and_not_before(world: World, wallet: dict[str, Any]) -> None:
    transfer_id = transfer(world, wallet, "10")
    assert len(busy(world)) == 1
    world.aws.messages(world.env.settings.transfers_queue_url)
    world.clock.advance(600)
    world.aws.calls.fail("SendMessage")
    world.sweep(0)
    assert len(busy(world)) == 1, "it waits, however long ago it was accepted"
    world.aws.calls.reset()
    world.sweep()
    world.sweep()
    world.sweep()
    assert busy(world) == []
    cursor = world.env.store.get(TransferCursor, keys.transfer_cursor(world.tenant.tenant_id, 0))
    assert cursor is not None
    assert cursor.last == transfer_id


def test_a_busy_part_is_noted_at_most_every_half_minute(world: World, wallet: dict[str, Any]) -> None:
    transfer(world, wallet, "1")
    world.aws.calls.reset()
    for _ in range(10):
        transfer(world, wallet, "1")
    assert world.aws.calls.made.count("PutItem") == 10
    world.clock.advance(31)
    world.aws.calls.reset()
    transfer(world, wallet, "1")
    assert world.aws.calls.made.count("PutItem") == 2


def test_accepting_costs_a_read_a_write_and_a_message(world: World, wallet: dict[str, Any]) -> None:
    transfer(world, wallet, "1")
    world.aws.calls.reset()
    transfer(world, wallet, "1")
    assert world.aws.calls.made == ["GetItem", "PutItem", "SendMessage"]


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("/wallets/transfer-to-user/", ["BatchGetItem", "PutItem", "SendMessage"]),
        ("/wallets/withdraw-to-master/", ["BatchGetItem", "PutItem", "SendMessage"]),
    ],
)
def test_a_wallet_not_seen_before_costs_no_call_more(
    world: World, wallet: dict[str, Any], path: str, calls: list[str]
) -> None:
    transfer(world, wallet, "50")
    world.settle()
    transfer(world, wallet, "1")
    world.env.keep(WalletDirectory)._seen.clear()
    world.aws.calls.reset()
    transfer(world, wallet, "1", path=path)
    assert world.aws.calls.made == calls
    for name in ("w_unknown", "w_0~"):
        body = {"wallet_id": name, "currency": CODE, "amount": "1"}
        assert world.client.post(path, body).code == "not_found"


def test_nothing_is_accepted_that_could_be_forgotten(world: World, wallet: dict[str, Any]) -> None:
    world.aws.calls.fail("PutItem")
    body = {"wallet_id": wallet["wallet_id"], "currency": CODE, "amount": "1"}
    assert world.client.post("/wallets/transfer-to-user/", body).status == 503
    world.aws.calls.reset()
    transfer(world, wallet, "1")
    assert len(busy(world)) == 1


def test_money_that_was_held_meanwhile_is_not_given_twice(
    world: World, wallet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer(world, wallet, "600")
    env, tenant_id = world.env, world.tenant.tenant_id
    decide = lane.fold

    def fold_late(*arguments: Any) -> Any:
        made = decide(*arguments)
        monkeypatch.setattr(lane, "fold", decide)
        before = book.read_balance(env.store, tenant_id, MASTER, CODE)
        env.store.commit(*book.posting_writes(tenant_id, CODE, rules.hold(before, MASTER, 500_000_000)))
        return made

    monkeypatch.setattr(lane, "fold", fold_late)
    world.settle()
    found = shown(world, wallet)["transfers"][0]
    assert (found["status"], found["error"]) == ("failed", "insufficient_balance")
    after = book.read_balance(env.store, tenant_id, MASTER, CODE)
    assert (after.available_units, after.pending_units) == (500_000_000, 500_000_000)


def test_nothing_is_refused_on_a_balance_kept_in_mind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = wallets(world, 60)
    for wallet in made[:59]:
        transfer(world, wallet, "10")
    transfer(world, made[59], "900")
    commit = world.env.store.commit
    committed = []

    def commit_and_fund(*writes: Any) -> None:
        commit(*writes)
        committed.append(writes)
        if len(committed) == 1:
            before = book.read_balance(world.env.store, world.tenant.tenant_id, MASTER, CODE)
            posting = rules.credit(before, MASTER, 500_000_000, 500_000_000)
            commit(*book.posting_writes(world.tenant.tenant_id, CODE, posting))

    monkeypatch.setattr(world.env.store, "commit", commit_and_fund)
    handle_transfers(world.env, sqs_event(*wakeups(world)))
    assert shown(world, made[59])["transfers"][0]["status"] == "completed"


def test_a_wallets_debt_is_repaid_by_what_comes_in(world: World, wallet: dict[str, Any]) -> None:
    tenant_id, account = world.tenant.tenant_id, f"wallet:{wallet['wallet_id']}"
    before = book.read_balance(world.env.store, tenant_id, account, CODE)
    posting = rules.reverse(before, account, 30_000_000, 30_000_000)
    row = book.movement(
        tenant_id,
        "reversal",
        "reversal",
        CODE,
        posting,
        gross_units=-30_000_000,
        fee_units=0,
        reference="x",
        now=0.0,
    )
    world.env.store.commit(*book.writes(tenant_id, row, posting))
    transfer(world, wallet, "100")
    world.settle()
    assert books(world, world.tenant)[account] == -70_000_000
    rows = history(world, wallet_id=wallet["wallet_id"])
    assert rows == [("transfer_in", "70.00000000", "70.00000000")]
    listed = world.client.get(f"/wallets/{wallet['id']}/").json["balances"]
    assert listed == [
        {
            "currency": CODE,
            "amount": "70.00000000",
            "pending_amount": "0.00000000",
            "available_balance": "70.00000000",
        }
    ]


def test_transfers_in_several_parts_come_to_the_same(world: World) -> None:
    tenants.set_balance_parts(world.env, world.tenant.tenant_id, "4")
    made = wallets(world, 12)
    ids = [transfer(world, wallet, "80") for wallet in made]
    assert len({part_of(one) for one in ids}) > 1
    world.settle()
    for wallet in made[:6]:
        transfer(world, wallet, "30", path="/wallets/withdraw-to-master/")
    world.settle()
    assert books(world, world.tenant)["master"] == -(1000 - 12 * 80 + 6 * 30) * 1_000_000
    refused = transfer(world, made[0], "220")
    transfer(world, made[0], "1")
    world.settle()
    found = {one["id"]: one["status"] for one in shown(world, made[0])["transfers"]}
    assert found[refused] == "completed", "all parts together bear it"
    assert sorted(found.values()) == ["completed", "completed", "completed", "failed"]
    assert (
        world.client.get("/user/balances/").json["account"].get(CODE, {"amount": "0.00000000"})["amount"]
        == "0.00000000"
    )
    assert len(history(world)) == 1 + 12 + 6 + 1


def test_a_transfer_is_found_by_its_id_alone(world: World, wallet: dict[str, Any]) -> None:
    transfer_id = transfer(world, wallet, "1")
    record = world.env.store.get(TransferRecord, key_of(world.tenant.tenant_id, transfer_id))
    assert record is not None
    found = world.env.store.query(
        TransferRecord, keys.transfers(world.tenant.tenant_id, 0), Record.sk >= "t_", limit=1
    )
    assert [one.sk for one in found.records] == [transfer_id]


def test_endless_conflicts_leave_all_as_it_was(
    world: World, wallet: dict[str, Any], env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer(world, wallet, "1")
    bodies = wakeups(world)

    def refuse(*_: Any) -> None:
        raise ConflictError("always")

    with monkeypatch.context() as patch:
        patch.setattr(env.store, "commit", refuse)
        assert handle_transfers(env, sqs_event(*bodies))["batchItemFailures"] == [{"itemIdentifier": "m0"}]
    assert shown(world, wallet)["transfers"][0]["status"] == "pending"
    assert handle_transfers(env, sqs_event(*bodies)) == {"batchItemFailures": []}
    assert shown(world, wallet)["transfers"][0]["status"] == "completed"
