"""The events that Lambda functions are called with, and what their answers mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.clock import iso
from sandbox.engine.engine import REGION


def sqs_event(queue_url: str, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return received messages as the event of an SQS trigger."""
    account, name = queue_url.rsplit("/", 2)[1:]
    arn = f"arn:aws:sqs:{REGION}:{account}:{name}"
    return {"Records": [_record(message, arn) for message in messages]}


def failed_ids(answer: Any, all_ids: set[str]) -> set[str]:
    """Return which messages a function says it could not handle.

    As Lambda has it: no list, or an empty one, is a success; an entry that names no message of the batch makes
    the whole batch a failure.
    """
    failures = (answer or {}).get("batchItemFailures") or []
    named = {failure.get("itemIdentifier") for failure in failures}
    return named if named.issubset(all_ids) else all_ids


def schedule_event(name: str, now: float) -> dict[str, Any]:
    """Return the event of a schedule that is due."""
    return {
        "version": "0",
        "id": f"{name}-{int(now)}",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": iso(now),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:000000000000:rule/{name}"],
        "detail": {},
    }


def _record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
