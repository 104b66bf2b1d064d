"""Several sender processes at once: an endpoint has five attempts under way at the most, and misses none."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.webhooks import numbering, trial
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.trial import WebhookTest
from chalicelib.webhooks.workers import deliver_webhooks
from tests.support.world import World, sqs_event

pytestmark = pytest.mark.slow
PROCESSES, EVENTS = 4, 40
PLACES = 5


class CountingReceiver:
    """Answers after a moment, and counts how many it had at a time."""

    def __init__(self, seconds: float, port: int = 0) -> None:
        self.seconds, self.now, self.most = seconds, 0, 0
        self.got: list[str] = []
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with lock:
                    receiver.now += 1
                    receiver.most = max(receiver.most, receiver.now)
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(receiver.seconds)
                with lock:
                    receiver.now -= 1
                    receiver.got.append(self.headers["webhook-id"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[CountingReceiver]:
    made = CountingReceiver(0.2)
    yield made
    made.close()


def process(world: World) -> Environment:
    """One more sender process: nothing kept in memory is shared."""
    return replace(world.env, _kept={}, _lock=threading.RLock())


def numbered(world: World, url: str) -> list[str]:
    """Number test events, and return the messages that have them sent."""
    tenant_id = world.tenant.tenant_id
    ids = [f"{number:04d}" for number in range(EVENTS)]
    wanted = [keys.webhook_test(tenant_id, one) for one in ids]
    world.env.store.put_all([WebhookTest(pk=pk, sk=sk, url=url, created_at=0) for pk, sk in wanted])
    for start in range(0, EVENTS, 10):
        subjects = [f"{trial.KIND}:{one}" for one in ids[start : start + 10]]
        numbering.number(world.env, tenant_id, subjects)
    return world.aws.messages(world.env.settings.deliveries_queue_url)


def send(env: Environment, messages: list[str], taken: threading.Lock) -> None:
    """Take batches of ten until none is left."""
    while True:
        with taken:
            batch = [messages.pop() for _ in range(min(10, len(messages)))]
        if not batch:
            return
        assert deliver_webhooks(env, sqs_event(*batch)) == {"batchItemFailures": []}


def test_four_processes_share_the_five_places_of_an_endpoint(world: World, receiver: CountingReceiver) -> None:
    messages = numbered(world, receiver.url)
    assert len(messages) == EVENTS
    taken = threading.Lock()
    rounds = 0
    while messages and rounds < 20:
        senders = [threading.Thread(target=send, args=(process(world), messages, taken)) for _ in range(PROCESSES)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        world.clock.advance(11)  # what found no place comes back
        messages += [json.dumps({"tenant_id": one[1], "event_id": one[2]}) for one in world.queues.held]
        world.queues.held.clear()
        rounds += 1
    assert sorted(receiver.got) == sorted(set(receiver.got)), "none came twice"
    assert len(receiver.got) == EVENTS
    assert 2 <= receiver.most <= PLACES
    print(f"at most {receiver.most} at a time, {rounds} rounds")


def test_a_dead_endpoint_is_probed_and_nothing_else_and_all_arrives_when_it_is_back(world: World) -> None:
    dead = CountingReceiver(0.0)
    dead.close()
    messages = numbered(world, dead.url)
    for _ in range(3):
        for start in range(0, len(messages), 10):
            deliver_webhooks(process(world), sqs_event(*messages[start : start + 10]))
        world.clock.advance(15)
    tried = [one for one in _events(world, messages) if one.attempts_made]
    assert 5 <= len(tried) < EVENTS / 2, "most were held back, and lost no attempt"
    world.queues.held.clear()
    back = CountingReceiver(0.0, dead.server.server_port)
    for _ in range(40):
        world.sweep(60)
        if {one.delivery for one in _events(world, messages)} == {"delivered"}:
            break
    back.close()
    assert len(set(back.got)) == EVENTS


def _events(world: World, messages: list[str]) -> list[EventRecord]:
    named = [keys.event(world.tenant.tenant_id, json.loads(message)["event_id"]) for message in messages]
    return list(world.env.store.get_many(EventRecord, named).values())
