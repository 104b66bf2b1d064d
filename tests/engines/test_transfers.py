"""Several workers on the same transfers at once, with holds going on: on engines with true isolation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.api.fields import SentAmount
from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.service import differences, fund
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.tenants import service as tenants
from chalicelib.transfers import draining, service
from chalicelib.transfers.records import TO_MASTER, TO_SUB, TransferRecord, part_of
from chalicelib.transfers.schemas import TransferRequest
from chalicelib.wallets import service as wallets
from chalicelib.wallets.schemas import CreateWallet
from tests.journeys.books import books, history, statuses
from tests.support.environment import make_environment
from tests.support.world import World

pytestmark = pytest.mark.slow
CODE = "USDTTRC20"
WORKERS = 6


@pytest.fixture
def process(world: World) -> Callable[[], Environment]:
    """Makes one more process on the same engine."""

    def make() -> Environment:
        aws: Any = world.aws
        parts: dict[str, Any] = {"chains": world.env.chains, "queues": world.env.queues}
        return make_environment(aws, world.clock, world.env.settings, **parts)

    return make


def wallet_ids(world: World, count: int) -> list[str]:
    tenant_id = world.tenant.tenant_id
    return [
        wallets.create_wallet(world.env, tenant_id, CreateWallet(name=f"Wallet {number}"), None).wallet_id
        for number in range(count)
    ]


def accept(world: World, kind: str, wallet_id: str, amount: str = "1") -> str:
    asked = TransferRequest(wallet_id=wallet_id, currency=CODE, amount=SentAmount(amount))
    return service.accept(world.env, world.tenant.tenant_id, kind, asked, None).transfer_id


def drain_patiently(env: Environment, tenant_id: str, part: int, ids: list[str]) -> None:
    """As the queue does: what fails comes again."""
    for _ in range(50):
        with suppress(ConflictError, StorageUnavailableError):
            draining.drain(env, tenant_id, part, ids)
            return
    raise AssertionError("never got through")


def side_by_side(
    world: World, process: Callable[[], Environment], ids: list[str], *others: Callable[[], Any]
) -> None:
    """Have several workers settle the transfers of each part, and others do something else meanwhile."""
    lanes: dict[int, list[str]] = {}
    for one in ids:
        lanes.setdefault(part_of(one), []).append(one)
    with ThreadPoolExecutor(WORKERS * len(lanes) + len(others)) as pool:
        done = [pool.submit(other) for other in others]
        done += [
            pool.submit(drain_patiently, process(), world.tenant.tenant_id, part, of_part)
            for part, of_part in lanes.items()
            for _ in range(WORKERS // len(lanes) or 1)
        ]
        for one in done:
            one.result()


def holding(world: World, times: int, units: int) -> Callable[[], int]:
    """Holds, one after the other, each read, decided and committed as a withdrawal does; returns what is held."""

    def hold() -> int:
        held = 0
        for _ in range(times):
            with suppress(rules.InsufficientFundsError, ConflictError, StorageUnavailableError):
                before = book.read_balance(world.env.store, world.tenant.tenant_id, MASTER, CODE)
                posting = rules.hold(before, MASTER, units)
                world.env.store.commit(*book.posting_writes(world.tenant.tenant_id, CODE, posting))
                held += units
        return held

    return hold


def records(world: World) -> dict[str, TransferRecord]:
    return {
        record.sk: record
        for part in range(4)
        for record in world.env.store.query_all(TransferRecord, keys.transfers(world.tenant.tenant_id, part))
    }


def test_workers_side_by_side_keep_the_order_of_arrival(world: World, process: Callable[[], Environment]) -> None:
    fund(world.env, world.tenant.tenant_id, CODE, 120_000_000)
    made = wallet_ids(world, 20)
    ids = [accept(world, TO_SUB, made[number % 20]) for number in range(200)]
    side_by_side(world, process, ids)
    found = records(world)
    assert [found[one].status for one in sorted(ids)] == ["completed"] * 120 + ["failed"] * 80
    world.settle()
    assert books(world, world.tenant).get("master", 0) == 0
    assert len(statuses(world, world.tenant)) == 200


def test_both_directions_with_holds_and_credits_going_on(world: World, process: Callable[[], Environment]) -> None:
    tenant_id = world.tenant.tenant_id
    fund(world.env, tenant_id, CODE, 500_000_000)
    made = wallet_ids(world, 30)
    ids = [accept(world, TO_SUB, wallet_id, "5") for wallet_id in made for _ in range(3)]
    side_by_side(world, process, ids)
    ids += [accept(world, (TO_SUB, TO_MASTER)[number % 2], made[number % 30], "7") for number in range(150)]
    hold = holding(world, 40, 1_000_000)

    def credit() -> None:
        for _ in range(10):
            with suppress(ConflictError, StorageUnavailableError):
                fund(world.env, tenant_id, CODE, 1_000_000)

    side_by_side(world, process, ids, hold, credit)
    found = records(world)
    assert len(found) == 240
    assert {record.status for record in found.values()} <= {"completed", "failed"}
    assert differences(world.env, tenant_id) == []
    world.settle()
    assert sorted(statuses(world, world.tenant)) == sorted(record.status for record in found.values())
    for wallet_id in made[:3]:
        history(world, wallet_id=wallet_id)
    books(world, world.tenant)


def test_four_parts_give_all_there_is_and_no_more(world: World, process: Callable[[], Environment]) -> None:
    tenant_id = world.tenant.tenant_id
    tenants.set_balance_parts(world.env, tenant_id, "4")
    fund(world.env, tenant_id, CODE, 130_000_000)
    made = wallet_ids(world, 40)
    ids = [accept(world, TO_SUB, made[number % 40]) for number in range(200)]
    assert {part_of(one) for one in ids} == {0, 1, 2, 3}
    side_by_side(world, process, ids, holding(world, 20, 500_000))
    found = records(world)
    completed = sum(record.status == "completed" for record in found.values())
    after = book.read_balance(world.env.store, tenant_id, MASTER, CODE)
    assert len(found) == 200
    assert completed * 1_000_000 + after.pending_units + after.available_units == 130_000_000
    assert after.available_units < 1_000_000, "none is refused while all parts together bear it"
    assert differences(world.env, tenant_id) == []
    for wallet_id in made:
        mine = sorted(one for one in ids if found[one].wallet_id == wallet_id)
        order = [found[one].status for one in mine]
        assert order == sorted(order), "completed first, then failed: the order of arrival"
