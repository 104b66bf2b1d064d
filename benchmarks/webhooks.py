"""What a webhook costs: write units from its number to its answer, and how many a sender's CPU can deliver."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from statistics import median
from typing import Any

from benchmarks import figures
from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import BATCH, CHAIN, Gateway, expect
from benchmarks.imports import REPOSITORY
from benchmarks.life import SAMPLE_UNITS, Life
from benchmarks.warm_request import replayed
from chalicelib.chains.workers import scan_chain
from chalicelib.webhooks.delivery import due_events
from chalicelib.webhooks.places import BEGIN_SECONDS
from chalicelib.webhooks.workers import deliver_webhooks
from tests.support.world import sqs_event

PER_SECOND = "deliveries"
WARMING, BATCHES, ROUNDS = 5, 10, 5
PARTS = ("numbered_confirming", "delivered_confirming")  # an event without a history row beside it


def webhook(name: str, life: Life) -> Iterator[Figure]:
    """One event's write units: its part of its log page, the event, its endpoint's lease, the attempt's log."""
    units = sum(life.parts[part].write_units for part in PARTS)
    yield Figure(f"{name}.write_units", Fraction(units, len(life.payments)), UNITS)


def lists(gateway: Gateway) -> Iterator[Figure]:
    """A page of deliveries, and of the event log, in the middle of what there is."""
    for name, path, beginning in (
        ("webhook_deliveries", "/user/webhooks/deliveries/", "offset"),
        ("events", "/events/", "after"),
    ):
        asked = {"limit": "10", beginning: "5"}
        with gateway.meter.measured() as cost:
            expect(gateway.client.get(path, query=asked), 200)
        yield figures.calls(name, cost)
        yield figures.read(name, cost)


def per_cpu_second(gateway: Gateway) -> Iterator[Figure]:
    """Deliveries for a second of this process's CPU, in batches of ten to one receiver, over plain HTTP.

    All of ours, botocore's requests and reading their answers are in it; the engine, the receiver (a process of
    its own) and TLS are not. The median round.
    """
    with _receiver() as url:
        messages = _events(gateway, url)
        gateway.world.clock.advance(BEGIN_SECONDS + 1)  # the places that their page gave are over: leases it is
        with replayed(gateway.env.store.connection.client, lambda: _send_once(gateway, messages)):
            for _ in range(WARMING):
                _send(gateway, messages)
            gc.collect()
            gc.freeze()
            seconds = median(_cpu_seconds(gateway, messages) for _ in range(ROUNDS))
            gc.unfreeze()
    yield Figure("webhook.deliveries_per_cpu_second", BATCHES * BATCH / seconds, PER_SECOND)


def _cpu_seconds(gateway: Gateway, messages: list[str]) -> float:
    """Return the CPU seconds of a round, on all threads."""
    begun = time.process_time()
    for _ in range(BATCHES):
        _send(gateway, messages)
    return time.process_time() - begun


def _send_once(gateway: Gateway, messages: list[str]) -> None:
    """Have every answer given once: the batch's read, then one delivery after the other."""
    read = [json.loads(message) for message in messages]
    due_events(gateway.env, read[0]["tenant_id"], [one["event_id"] for one in read])
    for message in messages:
        _send(gateway, [message])


def _send(gateway: Gateway, messages: list[str]) -> None:
    answer: Any = deliver_webhooks(gateway.env, sqs_event(*messages))
    if answer["batchItemFailures"]:
        raise RuntimeError("a delivery failed")


def _events(gateway: Gateway, url: str) -> list[str]:
    """Return the messages that have ten payments' events sent to that URL."""
    for _ in range(BATCH):
        payment = expect(gateway.client.post("/payments/", {**gateway.sample, "callback_url": url}), 201).json
        gateway.world.pay(payment, SAMPLE_UNITS)
    gateway.world.node.mine(CHAIN)
    scan_chain(gateway.env, CHAIN)
    gateway.work_off_deposits()
    gateway.work_off_numbering()
    return gateway.aws.messages(gateway.env.settings.deliveries_queue_url)


@contextmanager
def _receiver() -> Iterator[str]:
    """A receiver in a process of its own, that answers 200 at once."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.quiet_receiver"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None, "a pipe was asked for"
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/hook"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
