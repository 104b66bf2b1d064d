"""A table in memory behind the store's interface: strict where lists need it, fast enough for a million rows."""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.storage.records import Key, Raw, Record
from chalicelib.storage.store import Page
from chalicelib.storage.unit_of_work import MAX_WRITES, Write

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


class MemoryStore:
    """One table. ``before_call`` is told of every call, and may raise in its place.

    What ``replica`` has is what eventual reads by key find: as it was when it was put there.
    """

    def __init__(self) -> None:
        self.before_call: Callable[[str], None] = lambda _operation: None
        self.replica: dict[Key, Raw] = {}
        self._items: dict[str, dict[str, Raw]] = {}
        self._order: dict[str, list[str]] = {}

    def put_raw(self, item: Raw) -> None:
        """Put an item, on no condition."""
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        partition = self._items.setdefault(pk, {})
        if sk not in partition:
            insort(self._order.setdefault(pk, []), sk)
        partition[sk] = item

    def remove(self, key: Key) -> None:
        """Remove an item, if it is there."""
        if self._items.get(key.pk, {}).pop(key.sk, None) is not None:
            order = self._order[key.pk]
            del order[bisect_left(order, key.sk)]

    def all(self) -> Iterator[Raw]:
        """Go through every item."""
        for partition in self._items.values():
            yield from partition.values()

    def get(self, record_type: type[Record], key: Key, *, consistent: bool = True) -> Any:
        """As the store's."""
        item = self.get_raw([key], consistent=consistent).get(key)
        return None if item is None else record_type.of_raw(item)

    def get_raw(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Raw]:
        """As the store's."""
        self.before_call("BatchGetItem" if consistent else "BatchGetItem, eventual")
        old = {} if consistent else self.replica
        found = {key: old.get(key, self._items.get(key.pk, {}).get(key.sk)) for key in keys}
        return {key: item for key, item in found.items() if item is not None}

    def get_many(
        self, record_type: type[Record], keys: Sequence[Key], *, consistent: bool = True
    ) -> dict[Key, Any]:
        """As the store's."""
        return {key: record_type.of_raw(item) for key, item in self.get_raw(keys, consistent=consistent).items()}

    def query(
        self, record_type: type[Record], pk: str, range_condition: Condition | None = None, **options: Any
    ) -> Any:
        """As the store's; an index is made up from its two attributes at every call."""
        self.before_call("Query")
        index = options.get("index")
        of_index = (
            sorted((one for one in self.all() if one.get("lk") == {"S": pk}), key=_by_index) if index else []
        )
        order = [one["lv"]["S"] for one in of_index] if index else self._order.get(pk, [])
        begin, end = _run(order, range_condition)
        places = range(begin, end)
        ordered = reversed(places) if options.get("newest_first") else iter(places)
        limit = options.get("limit") or len(order)
        start = options.get("start_key")
        taken: list[Raw] = []
        for place in ordered:
            item = of_index[place] if index else self._items[pk][order[place]]
            if start is not None and not _is_behind(order[place], start, bool(options.get("newest_first"))):
                continue
            if len(taken) == limit:
                return Page([record_type.of_raw(one) for one in taken], {"at": {"S": _range_of(taken[-1], index)}})
            taken.append(item)
        return Page([record_type.of_raw(one) for one in taken], None)

    def query_all(
        self, record_type: type[Record], pk: str, range_condition: Condition | None = None, **options: Any
    ) -> Any:
        """As the store's."""
        return iter(self.query(record_type, pk, range_condition, **options).records)

    def commit(self, *writes: Write) -> None:
        """As the store's: all or nothing."""
        self.before_call("commit")
        assert len(writes) <= MAX_WRITES, "DynamoDB takes no more in one transaction"
        assert len({write.key for write in writes}) == len(writes), "an item stands in a transaction once"
        for write in writes:
            item = self._items.get(write.key.pk, {}).get(write.key.sk)
            if not _holds(item, write.parameters):
                raise write.refused(item)
        for write in writes:
            if write.verb == "Put":
                self.put_raw(write.parameters["Item"])
            elif write.verb == "Delete":
                self.remove(write.key)
            else:
                raise NotImplementedError(write.verb)
        self.before_call("committed")


def _by_index(item: Raw) -> str:
    return str(item["lv"]["S"])


def _range_of(item: Raw, index: Any) -> str:
    return str(item["lv" if index else "sk"]["S"])


def _is_behind(name: str, start: Raw, newest_first: bool) -> bool:
    at = str(start["at"]["S"])
    return name < at if newest_first else name > at


def _run(order: list[str], condition: Condition | None) -> tuple[int, int]:
    """Return where a range condition begins and ends in a partition."""
    if condition is None:
        return 0, len(order)
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    text = condition.serialize(names, values)
    between = re.fullmatch(r"#\d+ BETWEEN (:\d+) AND (:\d+)", text)
    if between:
        low, high = (values[name]["S"] for name in between.groups())
        return bisect_left(order, low), bisect_left(order, high + "\0")
    compared = re.fullmatch(r"#\d+ (=|<|<=|>|>=) (:\d+)", text)
    assert compared, text
    value = values[compared[2]]["S"]
    at, behind = bisect_left(order, value), bisect_left(order, value + "\0")
    return {
        "=": (at, behind),
        "<": (0, at),
        "<=": (0, behind),
        ">": (behind, len(order)),
        ">=": (at, len(order)),
    }[compared[1]]


def _holds(item: Raw | None, parameters: dict[str, Any]) -> bool:
    text = parameters.get("ConditionExpression")
    if text is None:
        return True
    names, values = parameters["ExpressionAttributeNames"], parameters.get("ExpressionAttributeValues", {})
    missing = re.fullmatch(r"attribute_not_exists \((#\d+)\)", text)
    if missing:
        return item is None or names[missing[1]] not in item
    compared = re.fullmatch(r"(#\d+) (=|<|<=|>|>=) (:\d+)", text)
    assert compared, text
    if item is None or names[compared[1]] not in item:
        return False
    ((kind, left),) = item[names[compared[1]]].items()
    right = values[compared[3]][kind]
    compare = _COMPARE[compared[2]]
    return bool(compare(int(left), int(right)) if kind == "N" else compare(left, right))
