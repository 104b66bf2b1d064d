"""One sender process of concurrency 10: fifty endpoints of one tenant hang, another tenant must not notice."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import create_tenant
from chalicelib.webhooks import events
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.workers import deliver_webhooks
from tests.support.world import Receiver, World, sqs_event

pytestmark = pytest.mark.slow
DELIVERIES = 60
SLACK_SECONDS = 0.05  # of a busy machine; a hanging endpoint would cost seconds


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hanging() -> Iterator[list[socket.socket]]:
    """Endpoints that take a connection and never answer."""
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(50)]
    yield made
    for one in made:
        one.close()


def event(world: World, tenant_id: str, name: str, url: str) -> str:
    record = EventRecord(
        pk=f"EVENT#{tenant_id}",
        sk=name,
        sequence=1,
        name="payment_status_update",
        packed_body=events.pack(b"{}"),
        url=url,
        delivery=events.PENDING,
        created_at=0,
    )
    world.env.store.commit(create(record))
    return json.dumps({"tenant_id": tenant_id, "event_id": name})


def p99_of_deliveries(world: World, tenant_id: str, receiver: Receiver, run: str) -> float:
    messages = [event(world, tenant_id, f"evt_{run}{number}", receiver.url) for number in range(DELIVERIES)]
    delays = []
    for message in messages:
        started = time.monotonic()
        assert deliver_webhooks(world.env, sqs_event(message)) == {"batchItemFailures": []}
        delays.append(time.monotonic() - started)
    return sorted(delays)[int(DELIVERIES * 0.99)]


def test_fifty_hanging_endpoints_of_one_tenant_do_not_delay_another(
    world: World, receiver: Receiver, hanging: list[socket.socket]
) -> None:
    noisy, quiet = (create_tenant(world.env, name).tenant_id for name in ("Noisy", "Quiet"))
    p99_of_deliveries(world, quiet, receiver, "warm")
    alone = p99_of_deliveries(world, quiet, receiver, "alone")
    stuck = [
        event(world, noisy, f"evt_{number}", f"http://127.0.0.1:{one.getsockname()[1]}/")
        for number, one in enumerate(hanging)
    ]
    invocations = [
        threading.Thread(target=deliver_webhooks, args=(world.env, sqs_event(*stuck[start : start + 10])))
        for start in range(0, 50, 10)
    ]
    for invocation in invocations:
        invocation.start()
    time.sleep(0.5)
    beside = p99_of_deliveries(world, quiet, receiver, "beside")
    _release(hanging)
    for invocation in invocations:
        invocation.join()
    assert beside <= 1.1 * alone + SLACK_SECONDS, f"p99 alone {alone:.4f} s, beside hanging ones {beside:.4f} s"
    assert len(receiver.got) == 3 * DELIVERIES


def _release(hanging: list[Any]) -> None:
    """Let the attempts that wait for an answer end."""
    for one in hanging:
        one.settimeout(0)
        try:
            one.accept()[0].close()
        except OSError:
            continue
