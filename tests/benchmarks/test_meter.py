from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.benchmarks.table import KB, NAME, Table, item, key, make_table

ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
ALL = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "ROOM#t"}}}
EXPIRING = {"expiry_bucket": {"S": "EXPIRY#1"}, "xa": {"N": "7"}}


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield make_table()


def put(table: Table, *items: dict[str, Any]) -> None:
    for one in items:
        table.client.put_item(TableName=NAME, Item=one)


def test_writes_are_counted_by_the_larger_item_and_with_their_index_entries(table: Table) -> None:
    with table.meter.measured() as cost:
        put(table, item(KB), item(KB + 1), item(10))
        table.client.delete_item(TableName=NAME, Key=key())
    assert [units for call in cost.made for _, units in call.written] == [1, 2, 2, 1]
    with table.meter.measured() as cost:
        put(table, item(100, **EXPIRING))
        table.client.update_item(
            TableName=NAME,
            Key=key(),
            UpdateExpression="SET xa = :x",
            ExpressionAttributeValues={":x": {"N": "8"}},
        )
    assert [units for call in cost.made for _, units in call.written] == [1 + 1, 1 + 2]
    assert cost.write_units == cost.write_units_in("ROOM") == 5


def test_a_refused_write_costs_what_is_there(table: Table) -> None:
    put(table, item(2 * KB))
    with table.meter.measured() as cost, pytest.raises(ClientError):
        table.client.put_item(TableName=NAME, Item=item(10), **ABSENT)
    assert cost.write_units == 2


def test_every_member_of_a_transaction_costs_twice_condition_checks_too(table: Table) -> None:
    put(table, item(1500, "checked"), item(10, "deleted"))
    members = [
        {
            "ConditionCheck": {
                "TableName": NAME,
                "Key": key("checked"),
                "ConditionExpression": "attribute_exists(pk)",
            }
        },
        {"Put": {"TableName": NAME, "Item": item(KB, "new", **EXPIRING)}},
        {"Delete": {"TableName": NAME, "Key": key("deleted")}},
    ]
    with table.meter.measured() as cost:
        table.client.transact_write_items(TransactItems=members)
    assert (cost.calls, cost.write_units) == (1, 4 + (2 + 1) + 2)


def test_single_reads_round_for_themselves_and_absent_items_cost_as_well(table: Table) -> None:
    put(table, item(5 * KB), item(10, "small"))
    keys = [key(), key("small"), key("absent")]
    with table.meter.measured() as cost:
        table.client.get_item(TableName=NAME, Key=key())
        table.client.get_item(TableName=NAME, Key=key(), ConsistentRead=True)
        table.client.batch_get_item(RequestItems={NAME: {"Keys": keys, "ConsistentRead": True}})
        table.client.transact_get_items(TransactItems=[{"Get": {"TableName": NAME, "Key": one}} for one in keys])
    assert [call.read_units for call in cost.made] == [1, 2, 2 + 1 + 1, 4 + 2 + 2]
    assert cost.write_units == 0


@pytest.mark.parametrize(
    ("options", "units"),
    [
        ({"ConsistentRead": True}, 3),
        ({}, Fraction(3, 2)),
        ({"Select": "COUNT"}, Fraction(3, 2)),
        ({"ProjectionExpression": "sk"}, Fraction(3, 2)),
        ({"Limit": 2, "ConsistentRead": True}, 1),
        ({"ScanIndexForward": False, "Limit": 2, "ConsistentRead": True}, 2),
        ({"ExclusiveStartKey": key("2"), "ConsistentRead": True}, 2),
    ],
)
def test_a_query_rounds_once_over_all_that_it_reads(table: Table, options: Any, units: Fraction) -> None:
    put(table, item(KB, "1"), item(KB, "2"), item(3 * KB, "3"), item(4 * KB, "4"))
    with table.meter.measured() as cost:
        table.client.query(TableName=NAME, **ALL, **options)
    assert cost.read_units == units


def test_what_a_filter_drops_is_paid_for(table: Table) -> None:
    put(table, item(4 * KB, "1"), item(4 * KB, "2", kept={"S": "y"}))
    values = {**ALL["ExpressionAttributeValues"], ":y": {"S": "y"}}
    filtered = {
        "KeyConditionExpression": "pk = :p",
        "FilterExpression": "#k = :y",
        "ExpressionAttributeNames": {"#k": "kept"},
        "ExpressionAttributeValues": values,
    }
    with table.meter.measured() as cost:
        found = table.client.query(TableName=NAME, ConsistentRead=True, **filtered)
    assert (found["Count"], cost.read_units) == (1, 2)


def test_an_index_is_read_by_its_entries_not_by_the_items_behind_them(table: Table) -> None:
    put(table, *(item(8 * KB, str(number), **EXPIRING) for number in range(5)))
    values = {":b": EXPIRING["expiry_bucket"]}
    with table.meter.measured() as cost:
        table.client.query(
            TableName=NAME,
            IndexName="expiry_index",
            KeyConditionExpression="expiry_bucket = :b",
            ExpressionAttributeValues=values,
        )
    assert cost.read_units == Fraction(1, 2)


def test_what_the_meter_has_no_rule_for_stops_the_measurement(table: Table) -> None:
    with table.meter.measured(), pytest.raises(ValueError, match="Scan"):
        table.client.scan(TableName=NAME)


def test_outside_of_a_measurement_nothing_is_counted(table: Table) -> None:
    with table.meter.measured() as cost:
        pass
    put(table, item(10))
    assert cost.calls == 0
