import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.api import answers, idempotency
from chalicelib.api.fields import SentAmount
from chalicelib.chains.workers import scan_chain
from chalicelib.ledger import book, rules
from chalicelib.ledger.service import fund
from chalicelib.payments import deposit_work, service
from chalicelib.payments.schemas import CreatePayment
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import numbering
from tests.journeys.books import books, history, statuses
from tests.support.world import World

pytestmark = pytest.mark.slow
THREADS = 16


def at_once(work: Callable[[Any], Any], inputs: Any) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, inputs))


def test_fifty_twins_with_one_key_make_one_payment_and_get_the_same_bytes(world: World) -> None:
    # One process serves one request at a time; the use case itself is what runs side by side here.

    key = idempotency.read({"idempotency-key": "k"}, world.tenant.tenant_id, "POST /payments", {})
    asked = CreatePayment(amount=SentAmount("100"), currency="USDTTRC20")

    def create(_: int) -> bytes:
        try:
            return answers.encode(service.create_payment(world.env, world.tenant.tenant_id, asked, key))
        except idempotency.AlreadyAnsweredError as twin:
            record = service.find(world.env, world.tenant.tenant_id, twin.object_id)
            return answers.encode(service.as_created(world.env, record))

    assert len(set(at_once(create, range(50)))) == 1
    assert world.client.get("/payments/").json["total"] == 1


def test_one_deposit_told_by_sixteen_workers_at_once_is_credited_once(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 100_000_000)
    for _ in range(19):
        world.node.mine("TRX")
        scan_chain(world.env, "TRX")
    told = [json.loads(body) for body in world.aws.messages(world.env.settings.deposits_queue_url)]

    def handle(sighted: dict[str, Any]) -> None:
        for _ in range(20):
            try:
                deposit_work.handle(world.env, sighted)
            except ConflictError:
                continue
            return

    at_once(handle, told * 8)
    world.settle()
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant)["master"] == -99_000_000
    assert statuses(world, tenant) == ["confirming", "completed"]


def test_two_numbering_writers_leave_no_gap(world: World, tenant: NewTenant) -> None:
    made = [world.create() for _ in range(12)]
    for payment in made:
        world.pay(payment, 100_000_000)
    world.node.mine("TRX")
    scan_chain(world.env, "TRX")
    for body in world.aws.messages(world.env.settings.deposits_queue_url):
        deposit_work.handle(world.env, json.loads(body))
    subjects = [f"payment:{payment['transaction_id']}" for payment in made]
    at_once(lambda one: _patiently(numbering.number, world.env, tenant.tenant_id, [one]), subjects * 4)
    assert len(statuses(world, tenant)) == 12


def _patiently(work: Callable[..., None], *arguments: Any) -> None:
    for _ in range(50):
        with suppress(ConflictError):
            work(*arguments)
            return


def test_a_hot_account_neither_loses_nor_makes_money(world: World, tenant: NewTenant) -> None:
    fund(world.env, tenant.tenant_id, "USDTTRC20", 1_000)

    def hold(_: int) -> int:
        before = book.read_balance(world.env.store, tenant.tenant_id, "master", "USDTTRC20")
        try:
            posting = rules.hold(before, "master", 30)
            world.env.store.commit(book.balance_write(tenant.tenant_id, "USDTTRC20", posting.changes[0]))
        except (rules.InsufficientFundsError, ConflictError):
            return 0
        return 30

    assert sum(at_once(hold, range(100))) == 990
    after = book.read_balance(world.env.store, tenant.tenant_id, "master", "USDTTRC20")
    assert (after.available_units, after.pending_units) == (10, 990)


def test_fundings_side_by_side_all_land_and_the_history_adds_up(world: World, tenant: NewTenant) -> None:
    at_once(lambda units: fund(world.env, tenant.tenant_id, "USDTTRC20", units), range(1, 41))
    world.settle()
    assert books(world, tenant)["master"] == -sum(range(1, 41))
    assert len(history(world)) == 40
