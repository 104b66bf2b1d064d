"""The meter's single-item rules, held against what AWS's own engine reports."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.engine import dynamodb_local
from sandbox.engine.child import EngineUnavailableError
from tests.benchmarks.table import KB, NAME, Table, item, key, make_table

pytestmark = pytest.mark.slow
COUNTED = {"TableName": NAME, "ReturnConsumedCapacity": "TOTAL"}
MIXED = {
    "number": {"N": "1234567890123"},
    "small": {"N": "-7"},
    "binary": {"B": b"\x00" * 9},
    "flag": {"BOOL": True},
    "none": {"NULL": True},
    "list": {"L": [{"S": "größe"}, {"N": "100"}, {"L": []}]},
    "map": {"M": {"inner": {"M": {}}, "text": {"S": "t"}}},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    folder: Path = tmp_path_factory.mktemp("dynamodb-local")
    try:
        engine, endpoint = dynamodb_local.start(folder, in_memory=True)
    except EngineUnavailableError as missing:
        pytest.skip(f"THE METER WAS NOT HELD AGAINST DYNAMODB LOCAL: {missing}")
    try:
        yield make_table(endpoint)
    finally:
        engine.kill()


def agree(table: Table, act: Callable[[], Any]) -> float:
    """One call: the meter and the engine say the same."""
    with table.meter.measured() as cost:
        reported = act()["ConsumedCapacity"]["CapacityUnits"]
    assert float(cost.write_units + cost.read_units) == reported
    return float(reported)


@pytest.mark.parametrize("size_bytes", [20, KB - 1, KB, KB + 1, 2 * KB, 2 * KB + 1])
def test_putting_items_about_the_bounds(table: Table, size_bytes: int) -> None:
    table.client.delete_item(TableName=NAME, Key=key())
    agree(table, lambda: table.client.put_item(**COUNTED, Item=item(size_bytes)))


def test_replacing_updating_and_deleting_large_and_small(table: Table) -> None:
    client = table.client
    for size_bytes in (3000, 100, 2000):
        agree(table, lambda size=size_bytes: client.put_item(**COUNTED, Item=item(size)))
    for size in (10, 5000, 10):
        update = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "x" * size}}}
        agree(table, lambda update=update: client.update_item(**COUNTED, Key=key(), **update))
    agree(table, lambda: client.delete_item(**COUNTED, Key=key()))
    agree(table, lambda: client.delete_item(**COUNTED, Key=key()))


def test_index_entries_appear_change_and_go(table: Table) -> None:
    client, bucket = table.client, {"expiry_bucket": {"S": "EXPIRY#1"}}
    for entry in (
        {},
        {**bucket, "xa": {"N": "7"}},
        {**bucket, "xa": {"N": "8"}},
        {**bucket, "xa": {"N": "8"}},
        bucket,
    ):
        agree(table, lambda entry=entry: client.put_item(**COUNTED, Item=item(100, "indexed", **entry)))


@pytest.mark.parametrize("size_bytes", [20, 4 * KB, 4 * KB + 1, 8 * KB])
@pytest.mark.parametrize("consistent", [False, True])
def test_reading_items_about_the_bounds(table: Table, size_bytes: int, consistent: bool) -> None:
    table.client.put_item(TableName=NAME, Item=item(size_bytes, "read"))
    for sk in ("read", "absent"):
        agree(table, lambda sk=sk: table.client.get_item(**COUNTED, Key=key(sk), ConsistentRead=consistent))


def test_a_query_over_several_items(table: Table) -> None:
    for number in range(10):
        table.client.put_item(TableName=NAME, Item={**item(1000, f"q{number}"), "pk": {"S": "ROOM#query"}})
    for limit in (3, 5, 10):
        query = {
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "ROOM#query"}},
            "ConsistentRead": True,
            "Limit": limit,
        }
        agree(table, lambda query=query: table.client.query(**COUNTED, **query))


def test_sizes_of_every_type_are_the_engines_to_the_byte_at_the_bound(table: Table) -> None:
    """Found by filling an item up until the engine asks for one unit more."""
    seen = set()
    for pad in range(860, 960):
        filled = {**key("mixed"), **MIXED, "x": {"S": "x" * pad}}
        table.client.delete_item(TableName=NAME, Key=key("mixed"))
        seen.add(agree(table, lambda filled=filled: table.client.put_item(**COUNTED, Item=filled)))
    assert seen == {1, 2}


def test_a_refused_write(table: Table) -> None:
    table.client.put_item(TableName=NAME, Item=item(2500, "refused"))
    with table.meter.measured() as cost, pytest.raises(ClientError):
        table.client.put_item(**COUNTED, Item=item(20, "refused"), ConditionExpression="attribute_not_exists(pk)")
    assert cost.write_units == 3
