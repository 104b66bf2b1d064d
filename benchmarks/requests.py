"""What a DynamoDB request asks for, as far as the meter wants to know; requests are JSON bodies as sent."""

import re
from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

_KEYED_WRITES = frozenset({"UpdateItem", "DeleteItem"})
_KEY_NAMES = ("pk", "sk")


def written_keys(operation: str, body: Body) -> list[Body]:
    """Return the keys of the items that a call writes to or, in a transaction, demands something of.

    Raises:
        ValueError: a kind of write that the product does not use, and the meter does not know.
    """
    if operation == "PutItem":
        return [_key_of(body["Item"])]
    if operation in _KEYED_WRITES:
        return [body["Key"]]
    if operation == "TransactWriteItems":
        return [_member_key(member) for member in body["TransactItems"]]
    if operation == "BatchWriteItem":
        ((_, writes),) = body["RequestItems"].items()
        return [_key_of(write["PutRequest"]["Item"]) for write in writes]
    if "Write" in operation:
        raise ValueError(f"the meter does not know what {operation} costs")
    return []


def without_filter(query: Body) -> dict[str, Any]:
    """Return the query that gives back all that a query reads: nothing filtered, projected or only counted."""
    kept = {name: value for name, value in query.items() if name not in _SHAPING}
    used = set(re.findall(r"[#:]\w+", query["KeyConditionExpression"]))
    for placeholders in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if placeholders in kept:
            kept[placeholders] = {name: value for name, value in kept[placeholders].items() if name in used}
    return {name: value for name, value in kept.items() if value != {}}


_SHAPING = frozenset({"FilterExpression", "ProjectionExpression", "Select", "ReturnConsumedCapacity"})


def _member_key(member: Body) -> Body:
    ((verb, write),) = member.items()
    return _key_of(write["Item"] if verb == "Put" else write["Key"])


def _key_of(item: Body) -> Body:
    return {name: item[name] for name in _KEY_NAMES}
