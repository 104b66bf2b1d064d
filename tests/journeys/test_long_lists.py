"""Lists long enough to be sealed, through the API: pages and totals are those of going through all."""

import itertools
from typing import Any

import pytest

from chalicelib.ledger.service import fund
from chalicelib.lists.records import RootRecord, TopRecord
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import numbering
from tests.support.world import World

CURRENCIES = ("USDTTRC20", "TRX")
MADE = 36


def create_many(world: World) -> list[dict[str, Any]]:
    """Payments enough for a step of sealing, and old enough; the wake-up still waits in the queue."""
    made = []
    for number in range(MADE):
        world.clock.advance(1)
        made.append(world.create(currency=CURRENCIES[number % 2]))
    world.clock.advance(35)
    return made


def applied(world: World, tenant: NewTenant) -> str:
    """The page of the log that the counts know of."""
    mark = keys.payment(tenant.tenant_id, sealed(world, tenant) + "~")
    record = world.env.store.get(RootRecord, mark)
    assert record is not None
    return str(record.root.applied[0])


def sealed(world: World, tenant: NewTenant, name: str = "payment") -> str:
    """The newest sealed row."""
    top = world.env.store.get(TopRecord, keys.list_block(tenant.tenant_id, name, "top"))
    return str(top.last) if top else ""


def check(world: World, tenant: NewTenant) -> None:
    """Every kind of page against the payments as they stand."""
    stored = world.env.store.query_all(PaymentRecord, keys.payments(tenant.tenant_id), newest_first=True)
    stand = [record for record in stored if record.created_at]
    statuses = sorted({record.status for record in stand})
    asked = [(None, None, 0), (None, None, 30), *((status, None, 0) for status in statuses)]
    for status, currency, offset in [*asked, (None, "TRX", 9), (statuses[0], "USDTTRC20", 3)]:
        wanted = [
            record.sk
            for record in stand
            if status in {None, record.status} and currency in {None, record.currency}
        ]
        filters = {"status": status, "currency": currency, "offset": str(offset), "limit": "9"}
        page = world.client.get("/payments/", query={name: value for name, value in filters.items() if value}).json
        assert [one["transaction_id"] for one in page["results"]] == wanted[offset : offset + 9], filters
        assert page["total"] == len(wanted), filters
        assert page["count"] == len(page["results"])


def walk(world: World, **filters: str) -> list[str]:
    """Every id of a list, by its cursors."""
    walked: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        page = world.client.get("/payments/", query={**filters, "limit": "7", **cursor}).json
        walked += [one["transaction_id"] for one in page["results"]]
        if page["next_cursor"] is None:
            return walked
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("cursors go round in a circle")


def test_payments_are_sealed_by_their_own_creation_and_listed_as_they_stand(
    world: World, tenant: NewTenant
) -> None:
    made = create_many(world)
    assert not sealed(world, tenant)
    world.settle()
    first = sealed(world, tenant)
    assert first == made[31]["transaction_id"], "the wake-up of every 32nd payment has the oldest sealed"
    check(world, tenant)
    for payment in made[3:24:5]:
        world.pay(payment, 10**9)
    world.mine()
    check(world, tenant)
    world.sweep(3600)  # all others expire, which is events enough for another look
    assert applied(world, tenant)
    check(world, tenant)
    newest = [payment["transaction_id"] for payment in reversed(made)]
    assert walk(world) == newest
    confirming = {payment["transaction_id"] for payment in made[3:24:5]}
    assert walk(world, status="expired") == [one for one in newest if one not in confirming]


def test_what_lies_among_the_rows_is_no_payment(world: World, tenant: NewTenant) -> None:
    create_many(world)
    world.settle()
    mark = sealed(world, tenant) + "~"
    assert world.client.post("/payments/status/", {"transaction_id": mark}).status == 404
    assert world.client.post(f"/payments/{mark}/refund/", {"address": "T"}).status == 404


@pytest.mark.parametrize("filters", [{}, {"currency": "TRX"}, {"status": "waiting"}, {"status": "completed"}])
def test_an_order_has_its_payments(world: World, filters: dict[str, str]) -> None:
    made = [world.create(currency=CURRENCIES[number % 2], order_id=f"order {number // 2}") for number in range(4)]
    own = world.create()
    wanted = [
        one["transaction_id"]
        for one in (made[3], made[2])
        if all(one[name] == value for name, value in filters.items())
    ]
    page = world.client.get("/payments/", query={"order_id": "order 1", **filters}).json
    assert [one["transaction_id"] for one in page["results"]] == wanted
    assert page["total"] == len(wanted)
    named = world.client.get("/payments/", query={"order_id": own["order_id"]}).json
    assert [one["transaction_id"] for one in named["results"]] == [own["transaction_id"]]


def test_an_orders_payments_are_paged(world: World) -> None:
    made = [world.create(order_id="o")["transaction_id"] for _ in range(5)][::-1]
    assert walk(world, order_id="o") == made
    second = world.client.get("/payments/", query={"order_id": "o", "limit": "2", "offset": "2"}).json
    assert [one["transaction_id"] for one in second["results"]] == made[2:4]
    assert second["total"] == 5
    after = world.client.get(
        "/payments/", query={"order_id": "o", "limit": "2", "cursor": second["next_cursor"]}
    ).json
    assert [one["transaction_id"] for one in after["results"]] == made[4:]


def test_a_long_history_is_filtered_by_its_counts(world: World, tenant: NewTenant) -> None:
    for number in range(70):
        fund(world.env, tenant.tenant_id, CURRENCIES[number % 5 == 0], 1_000_000 + number)
        if number % 10 == 9:
            world.settle()
    assert sealed(world, tenant, "history#master") == "000000000064"
    rows = world.client.get("/user/balances/history/", query={"limit": "100"}).json
    assert rows["total"] == len(rows["history"]) == 70
    for currency, offset in itertools.product(CURRENCIES, (0, 5, 40)):
        wanted = [row for row in rows["history"] if row["currency"] == currency]
        query = {"currency": currency, "type": "deposit", "offset": str(offset), "limit": "6"}
        page = world.client.get("/user/balances/history/", query=query).json
        assert page["history"] == wanted[offset : offset + 6]
        assert page["total"] == len(wanted)
    assert world.client.get("/user/balances/history/", query={"type": "reversal"}).json["total"] == 0
    # The next rows go on from the newest: what lies among them is none.
    fund(world.env, tenant.tenant_id, "TRX", 5)
    world.settle()
    assert world.client.get("/user/balances/history/").json["total"] == 71


def test_upkeep_that_fails_does_not_keep_events_back(world: World, tenant: NewTenant) -> None:
    made = create_many(world)
    world.aws.calls.fail("TransactWriteItems")
    numbering.number(world.env, tenant.tenant_id, ["counts:payment"])
    world.aws.calls.reset()
    assert sealed(world, tenant) == ""
    world.settle()
    assert sealed(world, tenant)
    assert walk(world) == [one["transaction_id"] for one in reversed(made)]
