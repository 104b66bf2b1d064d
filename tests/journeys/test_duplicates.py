"""Messages come twice, late and in any order: each deposit is credited once, each change told once."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.ledger.records import MovementRecord
from chalicelib.payments.records import PaymentRecord
from chalicelib.tenants.service import create_tenant
from chalicelib.webhooks.events import EventRecord
from sandbox.chain.node import SimNode
from tests.faults import outcome, storage
from tests.faults.gateway import Gateway, make_gateway
from tests.faults.storage import Message
from tests.support.aws import Aws
from tests.support.clock import START, FakeClock
from tests.support.tokens import token_for
from tests.support.world import Receiver

TIMES = 5


@pytest.fixture
def gateway(aws: Aws, clock: FakeClock, tmp_path: Path, receiver: Receiver) -> Iterator[Gateway]:
    node = SimNode(tmp_path / "chains.sqlite", 1, clock)
    made = make_gateway(aws, clock, node, receiver)
    tenant = create_tenant(made.env, "Your Company", transaction_fee="1.0")
    made.token = token_for(made.env, tenant)
    yield made
    node.close()


@pytest.fixture
def story(gateway: Gateway) -> tuple[list[Message], Any]:
    """Payments of which one is paid at once, one in two parts, one too late to be deep: all that was told."""
    payments = [gateway.create(callback_url=gateway.receiver.url) for _ in range(3)]
    messages = []
    for payment, units in ((0, 100_000_000), (1, 40_000_000), (1, 60_000_000)):
        gateway.pay(payments[payment], units)
        gateway.scan()  # seen in the mempool
        gateway.mine()
        gateway.scan()  # seen in its block
        messages += gateway.take()
    gateway.mine(18)
    gateway.pay(payments[2])
    gateway.mine()
    gateway.scan()
    messages += gateway.take()
    assert len(messages) >= 8
    return messages, storage.save()


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_any_message_any_number_of_times_in_any_order(
    gateway: Gateway, story: tuple[list[Message], Any], seed: int
) -> None:
    messages, saved = story
    storage.restore(saved)
    gateway.receiver.got.clear()
    gateway.clock.time = START
    gateway.start_process()
    _deal(gateway, messages * TIMES, Random(seed))
    gateway.minute()
    _check()
    outcome.check(gateway)


def _deal(gateway: Gateway, waiting: list[Message], order: Random) -> None:
    """Hand out one message after the other, picked anywhere; what follows from it joins them, twice."""
    while waiting:
        message = waiting.pop(order.randrange(len(waiting)))
        assert gateway.handle([message]) == []
        waiting += gateway.take() * 2


def _check() -> None:
    payments = {record.sk: record.state(6) for record in storage.records(PaymentRecord, "PAYMENT#")}
    ends = Counter((state.status.value, *map(str, state.labels)) for state in payments.values())
    assert ends == {("completed",): 1, ("completed", "MULTIPLE"): 1, ("confirming",): 1}
    rows = storage.records(MovementRecord, "JOURNAL#")
    assert sorted(row.gross for row in rows) == [40_000_000, 60_000_000, 100_000_000]
    events = [json.loads(event.body) for event in storage.records(EventRecord, "EVENT#")]
    newest = Counter[str]()
    for event in events:
        newest[event["transaction_id"]] = max(newest[event["transaction_id"]], event["data"]["version"])
    assert newest == {payment_id: state.version for payment_id, state in payments.items()}
    for payment_id, state in payments.items():
        credits_told = [event for event in events if event["transaction_id"] == payment_id]
        assert len(credits_told) <= state.version - 1, "an event tells of a change, and of none twice"
