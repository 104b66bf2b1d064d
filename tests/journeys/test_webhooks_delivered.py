import base64
import json

import pytest
import standardwebhooks.webhooks as library
from standardwebhooks import Webhook

from chalicelib.chains.workers import scan_chain
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import secrets
from tests.journeys.books import statuses
from tests.support.world import Receiver, World


def paid(world: World, receiver: Receiver) -> dict[str, object]:
    payment = world.create(callback_url=receiver.url)
    world.pay(payment, 100_000_000)
    world.mine()
    return payment


def attempts(world: World, tenant: NewTenant, number: int = 0) -> list[dict[str, object]]:
    return list(world.events(tenant.tenant_id)[number]["deliveries"][0]["attempts"])


def test_the_public_library_verifies_a_delivery(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = world.client.post("/user/webhooks/", {"callback_url": receiver.url}).json
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.mine()
    headers, body = receiver.got[0]
    key = base64.b64encode(secrets.key_of(configured["secret"])).decode()
    verified = verify(f"whsec_{key}", headers, body, world, monkeypatch)
    assert verified["data"]["transaction_id"] == payment["transaction_id"]


def verify(
    secret: str, headers: dict[str, str], body: bytes, world: World, monkeypatch: pytest.MonkeyPatch
) -> dict:
    class Now(library.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(world.clock.now(), tz)

    monkeypatch.setattr(library, "datetime", Now)
    return Webhook(secret).verify(body, headers)


def test_a_receiver_that_fails_three_times_gets_the_fourth_attempt_on_schedule(
    world: World, tenant: NewTenant, receiver: Receiver
) -> None:
    receiver.status = 500
    started = world.clock.now()
    paid(world, receiver)
    assert len(receiver.got) == 1
    world.clock.advance(6)
    world.settle()
    assert len(receiver.got) == 2
    world.sweep(290)
    assert len(receiver.got) == 2
    world.sweep(100)
    assert len(receiver.got) == 3
    receiver.status = 200
    world.sweep(1700)
    assert len(receiver.got) == 3
    world.sweep(400)
    assert len(receiver.got) == 4
    world.sweep(86_400)
    assert len(receiver.got) == 4
    made = attempts(world, tenant)
    assert [one["status_code"] for one in made] == [500, 500, 500, 200]
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {receiver.bodies[0]["event_id"]}
    assert len({body for _, body in receiver.got}) == 1
    assert world.clock.now() > started


def test_ten_attempts_then_it_has_failed(world: World, tenant: NewTenant, receiver: Receiver) -> None:
    receiver.status = 503
    paid(world, receiver)
    for seconds in (6, 400, 2_100, 8_000, 20_000, 40_000, 56_000, 80_000, 96_000, 200_000):
        world.sweep(seconds)
    assert len(receiver.got) == 10
    delivery = world.events(tenant.tenant_id)[0]["deliveries"][0]
    assert (delivery["status"], len(delivery["attempts"])) == ("failed", 10)


def test_gone_ends_deliveries_to_that_url_until_it_is_set_anew(
    world: World, tenant: NewTenant, receiver: Receiver
) -> None:
    world.client.post("/user/webhooks/", {"callback_url": receiver.url})
    receiver.status = 410
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.mine(count=20)
    assert len(receiver.got) == 1
    assert world.client.get("/user/me/").json["webhook_stopped"] is True
    receiver.status = 200
    world.client.post("/user/webhooks/", {"callback_url": receiver.url})
    again = world.create()
    world.pay(again, 100_000_000)
    world.mine()
    assert len(receiver.got) == 2
    assert len(statuses(world, tenant)) == 3


def test_retry_after_is_honoured(world: World, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "1000"}
    paid(world, receiver)
    world.sweep(900)
    assert len(receiver.got) == 1
    world.sweep(200)
    assert len(receiver.got) == 2


def test_without_a_url_events_are_logged_and_nothing_is_sent(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.mine()
    event = world.events(tenant.tenant_id)[0]
    assert (event["event"], event["deliveries"]) == ("payment_status_update", [])


def test_the_same_messages_five_times_send_nothing_twice(
    world: World, tenant: NewTenant, receiver: Receiver
) -> None:
    payment = world.create(callback_url=receiver.url)
    world.pay(payment, 100_000_000)
    for _ in range(20):
        world.node.mine("TRX")
        scan_chain(world.env, "TRX")
        while world.work(times=5):
            pass
    assert statuses(world, tenant) == ["confirming", "completed"]
    assert [body["status"] for body in receiver.bodies] == ["confirming", "completed"]
    assert json.loads(receiver.got[1][1])["sequence"] == 2
