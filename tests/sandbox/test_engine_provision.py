import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.engine.child import EngineError
from sandbox.engine.provision import TEMPLATE, provision

REGION = "us-east-1"
RESOURCES = json.loads(TEMPLATE.read_text())["Resources"]
ROLES = {"deposits", "numbering", "deliveries", "transfers", "payouts"}


@pytest.fixture
def clients() -> Iterator[tuple[Any, Any]]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with mock_aws():
        yield tuple(boto3.client(service, region_name=REGION, **keys) for service in ("dynamodb", "sqs"))


def attributes_of(sqs: Any, url: str) -> dict[str, str]:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_the_table_is_the_templates(clients):
    dynamodb, sqs = clients
    names = provision(dynamodb, sqs)
    table = dynamodb.describe_table(TableName=names.table_name)["Table"]
    wanted = RESOURCES["Table"]["Properties"]
    assert table["KeySchema"] == wanted["KeySchema"]
    assert table["AttributeDefinitions"] == wanted["AttributeDefinitions"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    indexes = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    keys = {name: [key["AttributeName"] for key in index["KeySchema"]] for name, index in indexes.items()}
    assert keys == {"expiry_index": ["expiry_bucket", "xa"], "list_index": ["lk", "lv"]}
    assert all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in indexes.values())
    expiry = dynamodb.describe_time_to_live(TableName=names.table_name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_the_queues_are_the_templates(clients):
    names = provision(*clients)
    assert set(names.queue_urls) == ROLES | {f"{role}-dead-letter" for role in ROLES}
    for role in ROLES:
        wanted = RESOURCES[f"{role.capitalize()}Queue"]["Properties"]
        made = attributes_of(clients[1], names.queue_urls[role])
        dead = attributes_of(clients[1], names.queue_urls[f"{role}-dead-letter"])
        assert int(made["VisibilityTimeout"]) == wanted["VisibilityTimeout"]
        redrive = json.loads(made["RedrivePolicy"])
        assert (redrive["deadLetterTargetArn"], int(redrive["maxReceiveCount"])) == (dead["QueueArn"], 5)
        assert ("FifoQueue" in made) == ("FifoQueue" in dead) == (role in {"numbering", "transfers", "payouts"})


def test_the_variables_are_those_of_the_deployed_functions(clients):
    names = provision(*clients, name="other")
    assert names.variables == {
        "TABLE_NAME": "other",
        "DEPOSITS_QUEUE_URL": names.queue_urls["deposits"],
        "NUMBERING_QUEUE_URL": names.queue_urls["numbering"],
        "DELIVERIES_QUEUE_URL": names.queue_urls["deliveries"],
        "TRANSFERS_QUEUE_URL": names.queue_urls["transfers"],
        "PAYOUTS_QUEUE_URL": names.queue_urls["payouts"],
    }


def test_a_second_time_keeps_what_is_there(clients):
    dynamodb, sqs = clients
    names = provision(dynamodb, sqs)
    dynamodb.put_item(TableName=names.table_name, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    sqs.send_message(QueueUrl=names.queue_urls["deposits"], MessageBody="kept")
    assert provision(dynamodb, sqs) == names
    assert dynamodb.scan(TableName=names.table_name)["Count"] == 1
    assert sqs.receive_message(QueueUrl=names.queue_urls["deposits"])["Messages"][0]["Body"] == "kept"


def test_a_queue_of_an_older_template_is_brought_up_to_date(clients):
    names = provision(*clients)
    url = names.queue_urls["deposits"]
    clients[1].set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    provision(*clients)
    wanted = RESOURCES["DepositsQueue"]["Properties"]["VisibilityTimeout"]
    assert int(attributes_of(clients[1], url)["VisibilityTimeout"]) == wanted


def test_a_table_of_another_shape_is_refused(clients):
    clients[0].create_table(
        TableName="sluice",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(EngineError, match="start afresh"):
        provision(*clients)
