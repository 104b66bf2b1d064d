"""Makes the deployment's table and queues on a local engine, as ``infra/resources.json`` defines them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.engine.child import EngineError

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "resources.json"

# boto3 makes its clients' methods at run time; a fake or another engine's client does as well.
Client = Any
Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What the table and the queues are called on an engine.

    Attributes:
        table_name: the one DynamoDB table.
        queue_urls: ``deposits``, ``numbering``, ``deliveries``, and each one's ``…-dead-letter``, to their URLs.
        variables: the environment variables that the deployment gives its functions for these, with values.
    """

    table_name: str
    queue_urls: Mapping[str, str]
    variables: Mapping[str, str]


def provision(dynamodb_client: Client, sqs_client: Client, name: str = "sluice") -> Names:
    """Make the table and the queues where they are missing; what is there already is kept, with what it holds.

    Args:
        dynamodb_client: a boto3 client of any DynamoDB.
        sqs_client: a boto3 client of any SQS.
        name: the table's name, and the prefix of the queues' names.

    Raises:
        EngineError: a table of that name has other keys or indexes than the template's.
    """
    table_name = provision_table(dynamodb_client, name)
    queue_urls = provision_queues(sqs_client, name)
    values = {"Table": table_name} | {_logical_id(role): url for role, url in queue_urls.items()}
    return Names(table_name, queue_urls, _variables(values))


def provision_table(dynamodb_client: Client, name: str = "sluice") -> str:
    """Make the template's table under a name, and return the name.

    Raises:
        EngineError: a table of that name has other keys or indexes than the template's.
    """
    wanted = _resource("Table")
    try:
        found = dynamodb_client.describe_table(TableName=name)["Table"]
    except dynamodb_client.exceptions.ResourceNotFoundException:
        _create_table(dynamodb_client, name, wanted)
        return name
    if _shape(found) != _shape(wanted):
        raise EngineError(f"the table {name} was made by another version: start afresh with an empty SANDBOX_DIR")
    return name


def provision_queues(sqs_client: Client, name: str = "sluice") -> dict[str, str]:
    """Make the template's queues, dead-letter queues first, and return each one's role and URL."""
    urls: dict[str, str] = {}
    arns: dict[str, str] = {}
    for logical_id in sorted(_queues(), key=lambda queue: "RedrivePolicy" in _resource(queue)):
        role, attributes = _role(logical_id), _attributes(_resource(logical_id), arns)
        urls[role] = _queue(sqs_client, f"{name}-{role}", attributes)
        found = sqs_client.get_queue_attributes(QueueUrl=urls[role], AttributeNames=["QueueArn"])
        arns[logical_id] = found["Attributes"]["QueueArn"]
    return urls


def _create_table(client: Client, name: str, wanted: Properties) -> None:
    # Deletion protection and point-in-time recovery guard real money, and not every engine knows them.
    same = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    client.create_table(TableName=name, **{key: wanted[key] for key in same})
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted["TimeToLiveSpecification"])


def _queue(client: Client, name: str, attributes: dict[str, str]) -> str:
    name += ".fifo" if "FifoQueue" in attributes else ""
    try:
        url = str(client.get_queue_url(QueueName=name)["QueueUrl"])
    except client.exceptions.QueueDoesNotExist:
        return str(client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
    changeable = {key: value for key, value in attributes.items() if key != "FifoQueue"}
    client.set_queue_attributes(QueueUrl=url, Attributes=changeable)
    return url


def _attributes(properties: Properties, arns: Mapping[str, str]) -> dict[str, str]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in properties.items()}
    if "RedrivePolicy" in properties:
        target = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        texts["RedrivePolicy"] = json.dumps({**properties["RedrivePolicy"], "deadLetterTargetArn": arns[target]})
    return texts


def _variables(values: Mapping[str, str]) -> dict[str, str]:
    variables = _template()["Globals"]["Function"]["Environment"]["Variables"]
    referred = {name: value["Ref"] for name, value in variables.items() if "Ref" in value}
    return {name: values[logical_id] for name, logical_id in referred.items()}


def _shape(table: Properties) -> tuple[Any, ...]:
    indexes = [
        (index["IndexName"], _keys(index), index["Projection"]["ProjectionType"])
        for index in table.get("GlobalSecondaryIndexes", [])
    ]
    return _keys(table), sorted(indexes)


def _keys(keyed: Properties) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in keyed["KeySchema"]]


def _role(logical_id: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", logical_id.removesuffix("Queue")).lower()


def _logical_id(role: str) -> str:
    return "".join(word.capitalize() for word in role.split("-")) + "Queue"


def _queues() -> list[str]:
    resources = _template()["Resources"]
    return [name for name, resource in resources.items() if resource.get("Type") == "AWS::SQS::Queue"]


def _resource(logical_id: str) -> Properties:
    properties: Properties = _template()["Resources"][logical_id]["Properties"]
    return properties


@cache
def _template() -> Mapping[str, Any]:
    template: Mapping[str, Any] = json.loads(TEMPLATE.read_text())
    return template
