"""Real engine processes: what survives a clean stop, a power cut, and the death of the sandbox."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.engine import dynamodb_local, engine
from sandbox.engine.engine import ACCESS_KEY, REGION, Engine
from sandbox.engine.loopback import device_of
from sandbox.engine.provision import Names, provision
from tests.support.engines import started

pytestmark = pytest.mark.slow

CHILD_OF_A_DOOMED_PARENT = """
import sys, time, pathlib
from sandbox.engine import engine
running = engine.start(sys.argv[1], pathlib.Path(sys.argv[2]))
print(*(child.process.pid for child in running.children), flush=True)
time.sleep(600)
"""


@contextmanager
def provisioned(running: Engine) -> Iterator[tuple[Any, Any, Names]]:
    options: Any = {
        "region_name": REGION,
        "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": "any",
        "config": Config(retries={"total_max_attempts": 1}),
    }
    with (
        closing(boto3.client("dynamodb", endpoint_url=running.dynamodb_endpoint, **options)) as dynamodb,
        closing(boto3.client("sqs", endpoint_url=running.sqs_endpoint, **options)) as sqs,
    ):
        yield dynamodb, sqs, provision(dynamodb, sqs)


def put(dynamodb: Any, names: Names, number: int) -> None:
    item = {"pk": {"S": "T#1"}, "sk": {"S": f"{number:06}"}, "units": {"N": "9" * 38}}
    dynamodb.put_item(TableName=names.table_name, Item=item)


def count(dynamodb: Any, names: Names) -> int:
    return dynamodb.scan(TableName=names.table_name, Select="COUNT", ConsistentRead=True)["Count"]


def become_true(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("name", engine.ENGINES)
def test_tables_and_queues_survive_a_clean_stop(name, tmp_path):
    running = started(name, tmp_path)
    with provisioned(running) as (dynamodb, sqs, names):
        put(dynamodb, names, 1)
        sqs.send_message(QueueUrl=names.queue_urls["deposits"], MessageBody="kept")
        sqs.send_message(
            QueueUrl=names.queue_urls["numbering"],
            MessageBody="fifo",
            MessageGroupId="t",
            MessageDeduplicationId="1",
        )
    assert running.stop()
    again = started(name, tmp_path)
    with provisioned(again) as (dynamodb, sqs, found):
        assert found == names
        assert count(dynamodb, found) == 1
        for role, body in (("deposits", "kept"), ("numbering", "fifo")):
            [message] = sqs.receive_message(QueueUrl=found.queue_urls[role])["Messages"]
            assert message["Body"] == body
        put(dynamodb, found, 2)
        assert count(dynamodb, found) == 2
    assert again.stop()


def test_ministack_says_that_a_power_cut_lost_what_came_after_the_last_clean_stop(tmp_path, capfd):
    running = started("ministack", tmp_path)
    with provisioned(running) as (dynamodb, _, names):
        put(dynamodb, names, 1)
    assert running.stop()
    running = started("ministack", tmp_path)
    with provisioned(running) as (dynamodb, _, names):
        put(dynamodb, names, 2)
    capfd.readouterr()
    running.children[0].kill()
    running = started("ministack", tmp_path)
    assert "data is that of the last clean stop" in capfd.readouterr().out
    with provisioned(running) as (dynamodb, _, names):
        assert count(dynamodb, names) == 1
    assert running.stop()
    running = started("ministack", tmp_path)
    assert capfd.readouterr().out == ""
    assert running.stop()


def test_dynamodb_local_loses_nothing_acknowledged_in_a_power_cut(tmp_path):
    running = started("dynamodb-local", tmp_path)
    acknowledged = 0
    with provisioned(running) as (dynamodb, _, names):
        for acknowledged in range(1, 121):
            put(dynamodb, names, acknowledged)
        for child in running.children:
            child.kill()
    again = started("dynamodb-local", tmp_path)
    with provisioned(again) as (dynamodb, _, names):
        assert count(dynamodb, names) == acknowledged == 120
    assert again.stop()


def test_dynamodb_local_is_tied_to_the_loopback_device(tmp_path):
    running = started("dynamodb-local", tmp_path)
    port = int(running.dynamodb_endpoint.rpartition(":")[2])
    devices = device_of(running.children[0].process.pid, port)
    assert running.stop()
    assert devices == {"lo"}


def test_in_memory_each_access_key_has_a_database_of_its_own(tmp_path):
    running = started("dynamodb-local", tmp_path / "first")  # installs it, or skips
    running.stop()
    process, endpoint = dynamodb_local.start(tmp_path, in_memory=True)
    tables = []
    for key in ("alpha", "beta"):
        with closing(
            boto3.client(
                "dynamodb",
                endpoint_url=endpoint,
                region_name=REGION,
                aws_access_key_id=key,
                aws_secret_access_key="any",
            )
        ) as client:
            tables.append(client.list_tables()["TableNames"])
            client.create_table(
                TableName="private",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
    process.kill()
    assert tables == [[], []]
    assert not (tmp_path / "dynamodb-local").exists()


@pytest.mark.parametrize("name", engine.ENGINES)
def test_no_engine_outlives_the_process_that_started_it(name, tmp_path):
    started(name, tmp_path).stop()
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD_OF_A_DOOMED_PARENT, name, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout as output:
        children = [int(pid) for pid in output.readline().split()]
    assert children
    assert {os.getpgid(pid) for pid in children} == {os.getpgid(parent.pid)}
    parent.kill()
    parent.wait()
    assert become_true(lambda: all(is_gone(pid) for pid in children))


@pytest.mark.parametrize("name", engine.ENGINES)
def test_a_ctrl_c_for_the_whole_group_leaves_stopping_to_the_sandbox(name, tmp_path):
    running = started(name, tmp_path)
    for child in running.children:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(child.process.pid, number)
    time.sleep(0.5)
    assert running.dead() == []
    with provisioned(running) as (dynamodb, _, names):
        put(dynamodb, names, 1)
    assert running.stop()
