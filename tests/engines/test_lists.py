"""Counts stay exact while payments are made, change and are sealed by several at once, on true isolation."""

import random
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.lists import reading
from chalicelib.lists.records import TopRecord
from chalicelib.lists.sealing import seal
from chalicelib.lists.spec import Asked, Class, Matching
from chalicelib.payments import steps
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.rows import payment_rows
from chalicelib.payments.statuses import Status
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError, create, update
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import numbering, pages
from tests.engines.test_concurrency import at_once
from tests.support.world import World

pytestmark = pytest.mark.slow
PAYMENTS, CHANGES = 70, 80
ENDS = (Status.CONFIRMING, Status.EXPIRED, Status.COMPLETED)


def of(status: Status) -> Matching:
    def matches(one: Class) -> bool:
        return one[0] == status

    return matches


def make(world: World, tenant: NewTenant) -> list[str]:
    """Payments of yesterday, like one that was made: to make each over HTTP would take minutes."""
    like = world.env.store.get(PaymentRecord, keys.payment(tenant.tenant_id, world.create()["transaction_id"]))
    assert like is not None
    made = []
    for number in range(PAYMENTS):
        item = PaymentRecord.of_raw(like.to_raw())
        item.sk = f"01000000-{number:04x}-7000-8000-{random.getrandbits(48):012x}"
        item.created_at = like.created_at - 86_400_000
        world.env.store.commit(create(item))
        made.append(item.sk)
    return made


def change(world: World, tenant: NewTenant, payment_id: str, status: Status) -> None:
    """Move a payment on as a step does: with its telling, on the condition of its version."""
    key = keys.payment(tenant.tenant_id, payment_id)
    with suppress(ConflictError):
        record = world.env.store.get(PaymentRecord, key)
        assert record is not None
        kept = steps.without_told(world.env, tenant.tenant_id, record)
        before = [step if len(step) > 5 else [*step, record.status, record.moving] for step in kept]
        told = [*before, [record.version + 1, 0, [], 1, record.status]] if record.status != status else before
        actions = [
            PaymentRecord.status.set(status.value),
            PaymentRecord.version.set(record.version + 1),
            PaymentRecord.untold.set(told),
        ]
        world.env.store.commit(update(key, actions, PaymentRecord.version == record.version))


def act(world: World, tenant: NewTenant, made: list[str], seed: int) -> None:
    """Change, number, seal or read, whatever the others do meanwhile."""
    chance, tenant_id = random.Random(seed), tenant.tenant_id
    payment_id = chance.choice(made)
    with suppress(ConflictError, StorageUnavailableError):
        change(world, tenant, payment_id, chance.choice(ENDS))
        numbering.number(world.env, tenant_id, [f"payment:{payment_id}"])
        if seed % 8 == 0:
            numbering.number(world.env, tenant_id, ["counts:payment"])
        page = reading.page(world.env, payment_rows(tenant_id), Asked(limit=5, matching=of(chance.choice(ENDS))))
        assert page.total >= len(page.rows)


def test_counts_survive_many_writers_at_once(world: World, tenant: NewTenant) -> None:
    made = make(world, tenant)
    at_once(lambda seed: act(world, tenant, made, seed), range(CHANGES))
    for _ in range(3):  # tells what those who gave up left untold
        numbering.number(world.env, tenant.tenant_id, [f"payment:{payment_id}" for payment_id in made])
    while seal(world.env, payment_rows(tenant.tenant_id), pages.last(world.env, tenant.tenant_id)):
        pass
    top = world.env.store.get(TopRecord, keys.list_block(tenant.tenant_id, "payment", "top"))
    assert top is not None
    assert top.version > 1, "they were sealed while they changed, not only afterwards"
    check(world, tenant)


def check(world: World, tenant: NewTenant) -> None:
    stored: list[Any] = [
        record
        for record in world.env.store.query_all(PaymentRecord, keys.payments(tenant.tenant_id), newest_first=True)
        if record.created_at
    ]
    rows = payment_rows(tenant.tenant_id)
    assert reading.page(world.env, rows, Asked(limit=1)).total == PAYMENTS + 1
    for status in Status:
        wanted = [record.sk for record in stored if record.status == status]
        page = reading.page(world.env, rows, Asked(limit=100, matching=of(status)))
        assert [row.sk for row in page.rows] == wanted[:100]
        assert page.total == len(wanted)
