"""What single operations cost: AWS calls, write units, read units; the process is warm, as nearly always."""

import copy
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from benchmarks import figures
from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import Gateway, expect
from chalicelib import ids
from chalicelib.lists import upkeep
from chalicelib.lists.spec import MARGIN_SECONDS, counts_subject
from chalicelib.payments.addresses import LEASED
from chalicelib.payments.rows import LIST
from chalicelib.storage import keys
from tests.support.settings import TABLE

LISTED = 100
PAGE = 20


def token(gateway: Gateway) -> Iterator[Figure]:
    """An access token by client credentials."""
    form = {
        "grant_type": "client_credentials",
        "client_id": gateway.tenant.client_id,
        "client_secret": gateway.tenant.client_secret,
        "scope": "read write",
    }
    with gateway.meter.measured() as cost:
        expect(gateway.client.with_token(None).post("/o/token/", form=form), 200)
    yield figures.calls("token", cost)
    yield figures.written("token", cost)
    yield figures.read("token", cost)


def payment_create(gateway: Gateway) -> Iterator[Figure]:
    """A payment by the overview's sample body, without an Idempotency-Key and with one.

    A block of address indexes is leased now and then: its write units, shared by its payments, stand apart.
    """
    gateway.create()  # the process is warm from here on
    with gateway.meter.measured() as cost:
        gateway.create()
    yield figures.calls("payment_create", cost)
    yield figures.written("payment_create", cost)
    with gateway.meter.measured() as cost:
        gateway.env.store.add(keys.address_counter("TRX"), "next_index", LEASED)
    yield Figure("payment_create.leased_write_units", Fraction(cost.write_units, LEASED), UNITS)
    with gateway.meter.measured() as cost:
        gateway.create(headers={"Idempotency-Key": "2f1c9a80-6a1f-4b53-9d30-0a8f3f6f9f10"})
    yield figures.calls("payment_create_idempotent", cost)
    yield figures.written("payment_create_idempotent", cost)


def payment_status(gateway: Gateway, payment_id: str) -> Iterator[Figure]:
    """The status of a completed payment."""
    with gateway.meter.measured() as cost:
        expect(gateway.client.post("/payments/status/", {"transaction_id": payment_id}), 200)
    yield figures.calls("payment_status", cost)
    yield figures.read("payment_status", cost)


def payment_list(gateway: Gateway, payment_id: str) -> Iterator[Figure]:
    """The first page of twenty of a merchant with a hundred payments, all like that completed one."""
    tenant, client = gateway.another_tenant()
    _copy_payment(gateway, payment_id, tenant.tenant_id)
    gateway.world.clock.advance(MARGIN_SECONDS)
    upkeep.after_numbering(gateway.env, tenant.tenant_id, [counts_subject(LIST)], [], None)
    expect(client.get("/payments/", query={"limit": "1"}), 200)  # the process is warm from here on
    with gateway.meter.measured() as cost:
        listed = expect(client.get("/payments/", query={"limit": str(PAGE)}), 200).json
    if (listed["count"], listed["total"]) != (PAGE, LISTED):
        raise RuntimeError(f"{listed['count']} of {listed['total']} payments were listed")
    yield figures.calls("payment_list", cost)
    yield figures.read("payment_list", cost)


def _copy_payment(gateway: Gateway, payment_id: str, tenant_id: str) -> None:
    """Give a merchant a hundred payments: to live them all would take the in-process engine minutes."""
    key = keys.payment(gateway.tenant.tenant_id, payment_id)
    item: dict[str, Any] = gateway.aws.dynamodb.get_item(TableName=TABLE, Key=key.raw)["Item"]
    item.pop("l", None)  # what the lived one has told is nothing that its twins have to tell
    for _ in range(LISTED):
        twin = copy.copy(item) | keys.payment(tenant_id, ids.uuid7(gateway.env.clock.now())).raw
        gateway.aws.dynamodb.put_item(TableName=TABLE, Item=twin)
