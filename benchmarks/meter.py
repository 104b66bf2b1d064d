"""The meter: counts a DynamoDB client's calls and units, from the items as they were before and after each call.

No local engine reports what AWS would charge, so the meter looks the items up itself, through a client that it
does not count, and applies the published rules of ``capacity.py``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from benchmarks import requests
from benchmarks.capacity import EVENTUAL, STRONG, TRANSACTIONAL, Index, Written, read_units, write_units
from benchmarks.item_size import Item, item_bytes
from benchmarks.requests import Body

_CONTEXT = "benchmarks.meter"
_SENDING = ("SendMessage", "SendMessageBatch")  # receiving and deleting is Lambda's, not the product's


@dataclass(frozen=True, slots=True)
class Call:
    """One call and what it cost.

    Attributes:
        operation: its name.
        written: the room (how the partition key begins) and the write units of each item that it wrote to.
        read_units: its read units.
    """

    operation: str
    written: tuple[tuple[str, int], ...] = ()
    read_units: Fraction = Fraction(0)


@dataclass(slots=True)
class Cost:
    """What was spent while something was measured."""

    made: list[Call] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many AWS calls were made: DynamoDB's, and messages sent."""
        return len(self.made)

    @property
    def write_units(self) -> int:
        """Write units, those of indexes included."""
        return sum(units for call in self.made for _, units in call.written)

    def write_units_in(self, room: str) -> int:
        """Return the part of the write units that went to items of one room."""
        return sum(units for call in self.made for of, units in call.written if of == room)

    @property
    def read_units(self) -> Fraction:
        """Read units."""
        return sum((call.read_units for call in self.made), Fraction(0))


class Meter:
    """Hooks itself into clients, and measures what happens between two moments.

    Args:
        metered: the DynamoDB client of the product.
        unmetered: another one to the same engine; the meter's own reads go through it.
        table_name: the table; its indexes are read from its description.
        sqs: the product's SQS client, if the messages that it sends count as calls.
    """

    def __init__(self, metered: Any, unmetered: Any, table_name: str, sqs: Any = None) -> None:
        self._unmetered = unmetered
        self._table_name = table_name
        self._indexes = _indexes(unmetered, table_name)
        self._running: list[Cost] = []
        self._hooks = [
            (metered, "before-call.dynamodb", self._before),
            (metered, "after-call.dynamodb", self._after),
            *([(sqs, "before-call.sqs", self._count_message)] if sqs else []),
        ]

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """Measure what is called inside, on whichever thread; at other times the clients are left alone."""
        assert not self._running, "one measurement at a time"
        cost = Cost()
        self._running.append(cost)
        for client, event, hook in self._hooks:
            client.meta.events.register(event, hook)
        try:
            yield cost
        finally:
            for client, event, hook in self._hooks:
                client.meta.events.unregister(event, hook)
            self._running.clear()

    def _note(self, call: Call) -> None:
        for cost in self._running:
            cost.made.append(call)

    def _count_message(self, model: Any, **_: Any) -> None:
        if model.name in _SENDING:
            self._note(Call(model.name))

    def _before(self, model: Any, params: Any, context: Any, **_: Any) -> None:
        body = json.loads(params["body"])
        targets = requests.written_keys(model.name, body)
        context[_CONTEXT] = body, [(key, self._item(key)) for key in targets]

    def _after(self, model: Any, parsed: Any, context: Any, **_: Any) -> None:
        body, before = context.pop(_CONTEXT)
        if before:
            in_transaction = model.name == "TransactWriteItems"
            written = tuple(
                (_room(key), self._write_units(Written(item, self._item(key)), in_transaction))
                for key, item in before
            )
            self._note(Call(model.name, written=written))
        else:
            self._note(Call(model.name, read_units=self._read(model.name, body, parsed)))

    def _write_units(self, written: Written, in_transaction: bool) -> int:
        return write_units(written, self._indexes, in_transaction=in_transaction)

    def _read(self, operation: str, body: Body, parsed: Any) -> Fraction:
        match operation:
            case "GetItem":
                return read_units([item_bytes(self._item(body["Key"]))], _rate(body))
            case "Query":
                return read_units([item_bytes(item) for item in self._queried(body)], _rate(body))
            case "BatchGetItem":
                asked = body["RequestItems"][self._table_name]
                left = parsed.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", [])
                keys = [key for key in asked["Keys"] if key not in left]
                return sum((read_units([item_bytes(self._item(key))], _rate(asked)) for key in keys), Fraction(0))
            case "TransactGetItems":
                keys = [member["Get"]["Key"] for member in body["TransactItems"]]
                return sum((read_units([item_bytes(self._item(key))], TRANSACTIONAL) for key in keys), Fraction(0))
        raise ValueError(f"the meter does not know what {operation} costs")

    def _item(self, key: Item) -> Item | None:
        found = self._unmetered.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def _queried(self, body: Body) -> list[Item]:
        """Return every item that one page of a query read: also what its filter dropped, or it only counted."""
        items: list[Item] = self._unmetered.query(**requests.without_filter(body))["Items"]
        return items


def _room(key: Item) -> str:
    return str(key["pk"]["S"]).partition("#")[0]


def _rate(read: Body) -> Fraction:
    return STRONG if read.get("ConsistentRead") else EVENTUAL


def _indexes(client: Any, table_name: str) -> list[Index]:
    table = client.describe_table(TableName=table_name)["Table"]
    own = _key_names(table)
    indexes = table.get("GlobalSecondaryIndexes", [])
    assert all(index["Projection"]["ProjectionType"] == "KEYS_ONLY" for index in indexes), (
        "the meter knows no other"
    )
    return [Index(one["IndexName"], _key_names(one), (*_key_names(one), *own)) for one in indexes]


def _key_names(keyed: Body) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in keyed["KeySchema"])
