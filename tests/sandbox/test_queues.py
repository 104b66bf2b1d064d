"""Sends, delays, pollers: as on AWS, but on the sandbox's clock."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.queues import Queues, QueueUrls
from sandbox.functions import Trigger
from sandbox.queues.delays import DelayStore
from sandbox.queues.held import FIRST_PAUSE_SECONDS
from sandbox.queues.lambda_event import failed_ids
from sandbox.queues.post_office import PostOffice
from sandbox.state_file import StateFile
from tests.sandbox.fake_sqs import FakeSqs

URLS = {
    "deposits": "http://sqs/0/x-deposits",
    "numbering": "http://sqs/0/x-numbering.fifo",
    "deliveries": "http://sqs/0/x-deliveries",
    "deposits-dead-letter": "http://sqs/0/x-deposits-dead-letter",
}
Function = Callable[[Any, Any], Any]


class MovableClock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time


class Office:
    """A post office with its product side, its clock and its SQS."""

    def __init__(self, directory: Path) -> None:
        self.clock, self.sqs = MovableClock(), FakeSqs()
        self.store = DelayStore(StateFile(directory / "delays"))
        self.office = PostOffice(self.sqs, URLS, self.store, self.clock)
        urls = QueueUrls(URLS["deposits"], URLS["numbering"], URLS["deliveries"], "", "")
        self.queues = Queues(urls, lambda: self.office.sqs)

    def start(self, role: str, function: Function, batch_size: int = 10) -> None:
        nothing: Function = lambda event, context: None  # noqa: E731
        functions = dict.fromkeys(("deposits", "numbering", "deliveries"), nothing) | {role: function}
        self.office.start(
            [Trigger(URLS[name].rpartition("/")[2], each, batch_size) for name, each in functions.items()]
        )

    def idle(self, seconds: float = 5) -> bool:
        return self.office.wait_idle(seconds)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.office.stop()


def bodies(event: Any) -> list[str]:
    return [record["body"] for record in event["Records"]]


def test_a_message_reaches_its_function_as_lambda_sends_it_and_is_deleted(post: Office) -> None:
    events: list[Any] = []
    post.start("deposits", lambda event, _: events.append(event))
    post.queues.report_deposits([{"n": 1}, {"n": 2}])
    assert post.idle()
    [record, _] = events[0]["Records"]
    assert record["body"] == '{"n": 1}'
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":x-deposits")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert post.sqs.messages[URLS["deposits"]] == []


def test_a_delay_follows_the_sandbox_clock_and_outlives_the_process(post: Office, tmp_path: Path) -> None:
    seen: list[str] = []
    post.start("deliveries", lambda event, _: seen.extend(bodies(event)))
    post.queues.deliver("t_1", "evt_1", delay_seconds=5)
    assert post.idle()
    assert seen == []
    assert post.office.next_due() == post.clock.time + 5
    post.clock.time += 4.9
    assert post.office.release_due() == 0
    again = DelayStore(StateFile(tmp_path / "delays"))
    assert again.next_due() == post.office.next_due()
    post.clock.time += 0.1
    assert post.office.release_due() == 1
    assert post.idle()
    assert seen == ['{"tenant_id": "t_1", "event_id": "evt_1"}']
    assert post.office.next_due() is None


def test_a_delayed_message_that_cannot_be_sent_is_kept(post: Office) -> None:
    post.queues.deliver("t_1", "evt_1", delay_seconds=5)
    post.clock.time += 5
    post.sqs.fails = True
    with pytest.raises(ConnectionError):
        post.office.release_due()
    post.sqs.fails = False
    assert post.office.release_due() == 1


def test_a_batch_is_sent_in_two_parts(post: Office) -> None:
    entries = [{"Id": "0", "MessageBody": "now"}, {"Id": "1", "MessageBody": "later", "DelaySeconds": 9}]
    answer = post.office.sqs._make_api_call("SendMessageBatch", {"QueueUrl": URLS["deposits"], "Entries": entries})
    assert {entry["Id"] for entry in answer["Successful"]} == {"0", "1"}
    assert [each["body"] for each in post.sqs.messages[URLS["deposits"]]] == ["now"]
    post.clock.time += 9
    post.office.release_due()
    assert [each["body"] for each in post.sqs.messages[URLS["deposits"]]] == ["now", "later"]


def test_only_what_failed_comes_back_after_its_pause(post: Office) -> None:
    seen: list[list[str]] = []

    def function(event: Any, _: Any) -> Any:
        seen.append(bodies(event))
        bad = [record["messageId"] for record in event["Records"] if "2" in record["body"]]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in bad if len(seen) == 1]}

    post.start("deposits", function)
    post.queues.report_deposits([{"n": 1}, {"n": 2}])
    assert post.idle()
    assert post.office.next_due() == post.clock.time + FIRST_PAUSE_SECONDS
    post.clock.time += FIRST_PAUSE_SECONDS
    post.office.release_due()
    assert post.idle()
    assert seen == [['{"n": 1}', '{"n": 2}'], ['{"n": 2}']]


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(post: Office) -> None:
    calls: list[str] = []

    def function(event: Any, _: Any) -> None:
        calls.extend(bodies(event))
        raise RuntimeError("poison")

    post.start("deposits", function)
    post.queues.report_deposits([{"n": 1}])
    for _ in range(8):
        assert post.idle()
        post.clock.time += 100
        post.office.release_due()
    assert len(calls) == 5
    assert post.sqs.dead == ['{"n": 1}']


def test_one_tenants_numbering_runs_one_batch_at_a_time_and_tenants_run_side_by_side(post: Office) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    both = threading.Barrier(2, timeout=5)

    def function(event: Any, _: Any) -> None:
        [group] = {record["attributes"]["MessageGroupId"] for record in event["Records"]}
        running[group] = running.get(group, 0) + 1
        most[group] = max(most.get(group, 0), running[group])
        if '"first"' in event["Records"][0]["body"]:
            both.wait()
        time.sleep(0.01)
        running[group] -= 1

    for tenant in ("t_1", "t_2"):
        post.queues.wake_numbering(tenant, "first")
    post.start("numbering", function, batch_size=1)
    for number in range(6):
        post.queues.wake_numbering("t_1", f"s{number}")
        post.queues.wake_numbering("t_2", f"s{number}")
    assert post.idle()
    assert most == {"t_1": 1, "t_2": 1}
    assert not both.broken


def test_a_tenants_hanging_receivers_do_not_hold_up_another_tenant(post: Office) -> None:
    release, done = threading.Event(), threading.Event()

    def function(event: Any, _: Any) -> None:
        [record] = event["Records"]
        if '"slow"' in record["body"]:
            release.wait(10)
        else:
            done.set()

    for number in range(50):
        post.queues.deliver("slow", f"evt_{number}")
    post.start("deliveries", function)
    time.sleep(0.2)
    post.queues.deliver("quick", "evt_q")
    assert done.wait(5), "it waits for the slow ones, which hang until they are released"
    release.set()
    assert post.idle(10)


def test_dropping_loses_what_waits_in_every_place(post: Office) -> None:
    seen: list[str] = []
    release = threading.Event()

    def function(event: Any, _: Any) -> None:
        seen.extend(bodies(event))
        release.wait(5)
        raise RuntimeError("fails")

    post.start("deliveries", function)
    for number in range(20):
        post.queues.deliver("t_1", f"evt_{number}")
    post.queues.deliver("t_1", "evt_late", delay_seconds=5)
    time.sleep(0.2)
    post.office.drop_all()
    release.set()
    assert post.idle()
    started = len(seen)
    assert started <= 5
    post.clock.time += 1000
    post.office.release_due()
    assert post.idle()
    assert len(seen) == started


def test_dropping_loses_what_was_to_come_back(post: Office) -> None:
    def function(event: Any, _: Any) -> None:
        raise RuntimeError("fails")

    post.start("deposits", function)
    post.queues.report_deposits([{"n": 1}])
    assert post.idle()
    assert post.office.next_due() is not None
    post.office.drop_all()
    assert post.office.next_due() is None
    assert post.sqs.messages[URLS["deposits"]] == []


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "z"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{}]}, {"a", "b"}),
    ],
)
def test_a_partial_answer_means_what_it_means_to_lambda(answer: Any, failed: set[str]) -> None:
    assert failed_ids(answer, {"a", "b"}) == failed
