"""One sender process of concurrency 10: fifty endpoints of one tenant hang, another tenant must not notice."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import create_tenant
from chalicelib.webhooks import events
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.workers import deliver_webhooks
from tests.support.world import Receiver, World, sqs_event

pytestmark = pytest.mark.slow
DELIVERIES = 60


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


def attempts(world: World, tenant_id: str, message: str) -> int:
    record = world.env.store.get(EventRecord, keys.event(tenant_id, json.loads(message)["event_id"]))
    assert record is not None
    return len(record.attempts_made)


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
    still_hanging = [one for one in stuck if not attempts(world, noisy, one)]
    handed_back = [one for one in world.queues.held if one[1] == quiet]
    _release(hanging)
    for invocation in invocations:
        invocation.join()
    # Counted, not timed: every delivery began at once, and all were done while the others still hung.
    assert handed_back == []
    assert len(still_hanging) == len(stuck)
    assert len(receiver.got) == 3 * DELIVERIES
    print(f"p99 of a delivery: alone {1000 * alone:.1f} ms, beside fifty hanging endpoints {1000 * beside:.1f} ms")


def _release(hanging: list[Any]) -> None:
    """Let the attempts that wait for an answer end."""
    for one in hanging:
        one.settimeout(0)
        try:
            one.accept()[0].close()
        except OSError:
            continue
