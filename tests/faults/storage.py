"""Table and queues of the simulated AWS, looked at and put back from beneath: no call is made for it."""

import base64
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.storage.records import Raw, Record
from tests.support.settings import REGION, TABLE

R = TypeVar("R", bound=Record)
QUEUES = ("deposits", "numbering.fifo", "deliveries", "transfers.fifo", "payouts.fifo")


@dataclass(frozen=True)
class Message:
    """A message that waits; ``is_delayed`` for a moment still."""

    queue: str
    body: str
    is_delayed: bool


def save() -> Any:
    """Return what the table holds now."""
    return copy.deepcopy(_table().items)


def restore(saved: Any) -> None:
    """Put the table back to what it held, with the queues empty."""
    _table().items = copy.deepcopy(saved)
    take_messages()


def clear() -> None:
    """Empty the table and the queues."""
    _table().items.clear()
    take_messages()


def take_messages() -> list[Message]:
    """Empty the queues and return what was in them."""
    taken = []
    queues = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues
    for name in QUEUES:
        queue = queues[f"{TABLE}-{name}"]
        taken += [Message(name, str(message.body), bool(message.delayed)) for message in queue._messages]
        queue._messages, queue._pending_messages = [], set()
    return taken


def partitions(room: str) -> list[Raw]:
    """Return the items whose partition key starts with this room's name."""
    items: Mapping[str, Mapping[str, Any]] = _table().items
    return [
        {name: _wire(value) for name, value in item.to_json()["Attributes"].items()}
        for pk, partition in items.items()
        if pk.cast_value.startswith(room)
        for item in partition.values()
    ]


def records(kind: type[R], room: str) -> list[R]:
    """Return the records of a room, by key; a list's root among them is none."""
    found = [kind.of_raw(item) for item in partitions(room) if "list_root" not in item]
    return sorted(found, key=lambda record: record.key)


def _wire(value: dict[str, Any]) -> dict[str, Any]:
    is_text = isinstance(value.get("B"), str)
    return {"B": base64.b64decode(value["B"])} if is_text else value


def _table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[TABLE]
