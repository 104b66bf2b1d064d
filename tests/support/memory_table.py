"""A fake DynamoDB in memory: one table, every call atomic, strict where our writes could be wrong.

It is for runs of a hundred thousand operations, which no engine does in minutes; a test holds it against a real
engine, call by call. It serialises calls, so it proves nothing about concurrency.
"""

import re
import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.storage.store import Store
from tests.support import expressions
from tests.support.expressions import Item, plain

INDEXES = {"expiry_index": ("expiry_bucket", "xa"), "list_index": ("lk", "lv")}
TRANSACTION_LIMIT, BATCH_GET_LIMIT, BATCH_WRITE_LIMIT, DIGITS = 100, 100, 25, 38
KEY = ("pk", "sk")
UNLIMITED = 1 << 60
LAST_CHARACTER = "\U0010ffff"
_WORDS = re.compile(r"[^\s(),]+")

Position = tuple[Any, str, str]
_METHODS = {
    "GetItem": "_get_item",
    "BatchGetItem": "_batch_get_item",
    "BatchWriteItem": "_batch_write_item",
    "PutItem": "_put_item",
    "UpdateItem": "_update_item",
    "DeleteItem": "_delete_item",
    "TransactWriteItems": "_transact_write_items",
    "Query": "_query",
}


class MemoryTable:
    """The table, spoken to as ``Calls`` speaks to DynamoDB.

    Args:
        page_items: how many items a query's page has at most, whatever its limit; None for any number.
    """

    def __init__(self, page_items: int | None = None) -> None:
        self._page_items = page_items
        self._lock = threading.RLock()
        self.items: dict[str, dict[str, Item]] = defaultdict(dict)
        self._order: dict[str, list[str]] = defaultdict(list)
        self._indexed: dict[str, dict[str, list[Position]]] = {name: defaultdict(list) for name in INDEXES}
        self.connection = None

    def make(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make one call."""
        with self._lock:
            made: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, _METHODS[operation])
            return made(parameters)

    def all(self, room: str) -> Iterable[Item]:
        """Every item whose partition key starts so, in the order of its keys."""
        for pk in sorted(pk for pk in self.items if pk.startswith(room)):
            for sk in self._order[pk]:
                yield self.items[pk][sk]

    def _get_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        item = self._found(parameters["Key"])
        return {"Item": dict(item)} if item else {}

    def _batch_get_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        [(table, asked)] = parameters["RequestItems"].items()
        keys = [_key(key) for key in asked["Keys"]]
        _demand(0 < len(keys) <= BATCH_GET_LIMIT, "1 to 100 keys")
        _demand(len(set(keys)) == len(keys), "no key twice")
        items = [self._found(key) for key in asked["Keys"]]
        return {"Responses": {table: [dict(item) for item in items if item]}}

    def _batch_write_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        [(_, writes)] = parameters["RequestItems"].items()
        puts = [write["PutRequest"]["Item"] for write in writes]
        _demand(0 < len(puts) <= BATCH_WRITE_LIMIT, "1 to 25 writes")
        _demand(len({_key(item) for item in puts}) == len(puts), "no key twice")
        for item in puts:
            self._store(_checked(item))
        return {}

    def _put_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._write("Put", parameters)

    def _update_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._write("Update", parameters)

    def _delete_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._write("Delete", parameters)

    def _transact_write_items(self, parameters: dict[str, Any]) -> dict[str, Any]:
        writes = [next(iter(member.items())) for member in parameters["TransactItems"]]
        keys = [_target(verb, of) for verb, of in writes]
        _demand(0 < len(writes) <= TRANSACTION_LIMIT, "1 to 100 writes")
        _demand(len(set(keys)) == len(keys), "a transaction cannot include multiple operations on one item")
        refused = [self._refusal(verb, of) for verb, of in writes]
        if any(refused):
            reasons = [reason or {"Code": "None"} for reason in refused]
            raise _error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
        for verb, of in writes:
            self._apply(verb, of)
        return {}

    def _query(self, parameters: dict[str, Any]) -> dict[str, Any]:
        limit = min(parameters.get("Limit", UNLIMITED), self._page_items or UNLIMITED)
        page = list(islice(self._matching(parameters), limit + 1))
        # DynamoDB gives a key to go on from whenever it stopped at the limit, also at the very end.
        stopped = len(page) > limit or len(page) == limit == parameters.get("Limit")
        page = page[:limit]
        read = [self.items[pk][sk] for _, pk, sk in page]
        index = parameters.get("IndexName")
        if index:
            kept = {*KEY, *INDEXES[index]}
            read = [{name: value for name, value in item.items() if name in kept} for item in read]
        found = [item for item in read if _holds(parameters, "FilterExpression", item)]
        answer: dict[str, Any] = {"Count": len(found), "ScannedCount": len(read)}
        if parameters.get("Select") != "COUNT":
            answer["Items"] = [dict(item) for item in found]
        if stopped:
            last = read[-1]
            answer["LastEvaluatedKey"] = {name: last[name] for name in (*KEY, *(INDEXES[index] if index else ()))}
        return answer

    def _matching(self, parameters: dict[str, Any]) -> Iterator[Position]:
        """Yield where the items are that a query's key condition names, in its order, after its start key."""
        index, names = parameters.get("IndexName"), parameters["ExpressionAttributeNames"]
        values = parameters["ExpressionAttributeValues"]
        _demand(not (index and parameters.get("ConsistentRead")), "no strong read of an index")
        hash_name, range_name = INDEXES[index] if index else KEY
        text = parameters["KeyConditionExpression"]
        where = self._partition(index, text, hash_name, range_name, names, values)
        is_forward = parameters.get("ScanIndexForward", True)
        start = parameters.get("ExclusiveStartKey")
        after = start and (plain(start[range_name])[1], start["pk"]["S"], start["sk"]["S"])
        condition = expressions.condition(text)
        for one in where if is_forward else reversed(where):
            is_passed = after is not None and (one <= after if is_forward else one >= after)
            if not is_passed and condition(self.items[one[1]][one[2]], names, values):
                yield one

    def _partition(
        self, index: str | None, text: str, hash_name: str, range_name: str, names: Any, values: Any
    ) -> list[Position]:
        """Return the part of a partition that a key condition can name, in its order."""
        words = _WORDS.findall(text)
        partition = values[words[words.index(_placeholder(names, hash_name)) + 2]]["S"]
        if index is not None:
            return self._indexed[index].get(partition, [])[:]
        low, high = _bounds(words, _placeholder(names, range_name), values)
        order = self._order.get(partition, [])
        first = bisect_left(order, low) if low is not None else 0
        last = bisect_right(order, high) if high is not None else len(order)
        return [(sk, partition, sk) for sk in order[first:last]]

    def _write(self, verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        refused = self._refusal(verb, parameters)
        if refused:
            item = {"Item": refused["Item"]} if "Item" in refused else {}
            raise _error("ConditionalCheckFailedException", f"{verb}Item", **item)
        after = self._apply(verb, parameters)
        return {"Attributes": dict(after)} if parameters.get("ReturnValues") else {}

    def _refusal(self, verb: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
        there = self._found(parameters["Item"] if verb == "Put" else parameters["Key"])
        if _holds(parameters, "ConditionExpression", there or {}):
            return None
        wanted = there and parameters.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {"Code": "ConditionalCheckFailed", **({"Item": dict(there)} if there and wanted else {})}

    def _apply(self, verb: str, parameters: dict[str, Any]) -> Item:
        if verb == "Put":
            self._store(_checked(parameters["Item"]))
            return dict(parameters["Item"])
        if verb == "ConditionCheck":
            return {}
        there = dict(self._found(parameters["Key"]) or {})
        if verb == "Delete":
            self._drop(parameters["Key"])
            return there
        after = there or dict(parameters["Key"])
        change = expressions.update(parameters["UpdateExpression"])
        change(
            after, parameters.get("ExpressionAttributeNames", {}), parameters.get("ExpressionAttributeValues", {})
        )
        self._store(_checked(after))
        return after

    def _found(self, key: Item) -> Item | None:
        return self.items.get(key["pk"]["S"], {}).get(key["sk"]["S"])

    def _store(self, item: Item) -> None:
        pk, sk = _key(item)
        before = self.items[pk].get(sk)
        if before is None:
            insort(self._order[pk], sk)
        self.items[pk][sk] = dict(item)
        self._reindex(before, item)

    def _drop(self, key: Item) -> None:
        pk, sk = _key(key)
        before = self.items[pk].pop(sk, None)
        if before is not None:
            order = self._order[pk]
            del order[bisect_left(order, sk)]
            self._reindex(before, None)

    def _reindex(self, before: Item | None, after: Item | None) -> None:
        for name, attributes in INDEXES.items():
            was, is_now = _index_entry(before, attributes), _index_entry(after, attributes)
            if was == is_now:
                continue
            if was:
                entries = self._indexed[name][was[0]]
                del entries[bisect_left(entries, was[1])]
            if is_now:
                insort(self._indexed[name][is_now[0]], is_now[1])


class MemoryStore(Store):
    """The product's store on a table in memory.

    Args:
        calls: the table, or something around it that fails now and then.
        sleep: called between attempts.
    """

    def __init__(self, calls: Any, sleep: Callable[[float], None] = lambda _: None) -> None:
        self._table_name = "sluice"
        self._sleep = sleep
        self._calls = calls


def _index_entry(item: Item | None, attributes: tuple[str, str]) -> tuple[str, Position] | None:
    hash_name, range_name = attributes
    if item is None or hash_name not in item or range_name not in item:
        return None
    return item[hash_name]["S"], (plain(item[range_name])[1], *_key(item))


def _placeholder(names: dict[str, str], name: str) -> str:
    return next((one for one, of in names.items() if of == name), "")


def _bounds(words: list[str], placeholder: str, values: dict[str, Any]) -> tuple[Any, Any]:
    """Return bounds that the sort key's condition implies: a large partition is not looked at whole."""
    if placeholder not in words:
        return None, None
    at = words.index(placeholder)
    if words[at - 1] == "begins_with":
        prefix = values[words[at + 1]]["S"]
        return prefix, prefix + LAST_CHARACTER
    sign, first = words[at + 1], values[words[at + 2]].get("S")
    if sign == "BETWEEN":
        return first, values[words[at + 4]].get("S")
    return (None if "<" in sign else first), (None if ">" in sign else first)


def _holds(parameters: dict[str, Any], name: str, item: Item) -> bool:
    text = parameters.get(name)
    if not text:
        return True
    names, values = parameters.get("ExpressionAttributeNames", {}), parameters.get("ExpressionAttributeValues", {})
    return expressions.condition(text)(item, names, values)


def _target(verb: str, parameters: dict[str, Any]) -> tuple[str, str]:
    return _key(parameters["Item"] if verb == "Put" else parameters["Key"])


def _key(item: Item) -> tuple[str, str]:
    return str(item["pk"]["S"]), str(item["sk"]["S"])


def _checked(item: Item) -> Item:
    _demand(bool(item["pk"]["S"] and item["sk"]["S"]), "keys are not empty")
    for name, value in item.items():
        [(kind, content)] = value.items()
        _demand(kind != "N" or len(content.lstrip("-").strip("0")) <= DIGITS, f"{name} has at most 38 digits")
    return item


def _demand(holds: bool, rule: str) -> None:
    if not holds:
        raise _error("ValidationException", "any", Message=rule)


def _error(code: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    error = ClientError(response, operation)
    error.__cause__ = ClientError(response, operation)  # PynamoDB raises its own from botocore's
    return error
