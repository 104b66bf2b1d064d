"""The store: reads, and the commit of a unit of work, against the one DynamoDB table.

Calls go through PynamoDB's connection; expressions and items are PynamoDB's, the envelope is ours, because
a refused write must bring the item as it stands (no second read) and name which condition refused.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError
from botocore.session import Session
from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.storage.calls import Calls, StorageUnavailableError, answer_of
from chalicelib.storage.records import Key, Raw, Record
from chalicelib.storage.unit_of_work import MAX_WRITES, Write

ATTEMPTS_ON_CONFLICT = 6
BATCH_GET_LIMIT = 100

_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}  # a transaction's member, as its reason has it
BATCH_WRITE_LIMIT = 25
INDEX_HASH = {"expiry_index": "expiry_bucket", "list_index": "lk"}

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of a query: the records, and the key to go on from (None at the end)."""

    records: list[R]
    last_key: Raw | None


class Store:
    """One table; safe to share between threads."""

    def __init__(
        self,
        table_name: str,
        session: Session,
        region: str,
        endpoint_url: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table_name = table_name
        self._sleep = sleep
        self._calls = Calls(session, region, endpoint_url)

    @property
    def connection(self) -> Connection:
        """PynamoDB's connection."""
        return self._calls.connection

    def get(self, record_type: type[R], key: Key, *, consistent: bool = True) -> R | None:
        """Read one item; None when there is none."""
        answer = self._calls.make("GetItem", {**self._table, "Key": key.raw, "ConsistentRead": consistent})
        return record_type.of_raw(answer["Item"]) if "Item" in answer else None

    def get_raw(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Raw]:
        """Read many items, in as few calls as DynamoDB allows; items that do not exist are absent."""
        found: dict[Key, Raw] = {}
        waiting = [key.raw for key in dict.fromkeys(keys)]
        idle = 0
        while waiting:
            asked, waiting = waiting[:BATCH_GET_LIMIT], waiting[BATCH_GET_LIMIT:]
            request = {self._table_name: {"Keys": asked, "ConsistentRead": consistent}}
            answer = self._calls.make("BatchGetItem", {"RequestItems": request})
            for item in answer["Responses"].get(self._table_name, []):
                found[Key(item["pk"]["S"], item["sk"]["S"])] = item
            left = answer.get("UnprocessedKeys", {}).get(self._table_name, {}).get("Keys", [])
            idle = idle + 1 if len(left) == len(asked) else 0
            if idle:
                self._wait(idle - 1, "the table did not get round to what was asked")
            waiting += left
        return found

    def get_many(self, record_type: type[R], keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, R]:
        """Read many items of one type by key."""
        found = self.get_raw(keys, consistent=consistent)
        return {key: record_type.of_raw(item) for key, item in found.items()}

    def query(
        self,
        record_type: type[R],
        pk: str,
        range_condition: Condition | None = None,
        *,
        limit: int | None = None,
        newest_first: bool = False,
        start_key: Raw | None = None,
        matching: Condition | None = None,
        index: str | None = None,
        consistent: bool = True,
    ) -> Page[R]:
        """Read one page of a partition, in key order.

        Args:
            record_type: what the items are.
            pk: the partition (of the table, or of the index).
            range_condition: a condition on the sort key.
            limit: how many items to look at, at most.
            newest_first: from the highest sort key down.
            start_key: where the page before ended.
            matching: a filter; items that fail it are read (and paid for) but not returned.
            index: a global index in place of the table; such reads are eventually consistent.
            consistent: read what was committed last.
        """
        request = self._query(pk, range_condition, matching, index)
        request |= {"ScanIndexForward": not newest_first}
        if index is None:
            request["ConsistentRead"] = consistent
        if limit is not None:
            request["Limit"] = limit
        if start_key is not None:
            request["ExclusiveStartKey"] = start_key
        answer = self._calls.make("Query", request)
        records = [record_type.of_raw(item) for item in answer["Items"]]
        return Page(records, answer.get("LastEvaluatedKey"))

    def query_all(
        self, record_type: type[R], pk: str, range_condition: Condition | None = None, **options: Any
    ) -> Iterable[R]:
        """Read a partition to its end, page by page."""
        start_key: Raw | None = None
        while True:
            page = self.query(record_type, pk, range_condition, start_key=start_key, **options)
            yield from page.records
            if page.last_key is None:
                return
            start_key = page.last_key

    def count(self, pk: str, range_condition: Condition | None = None, matching: Condition | None = None) -> int:
        """Count the items that match, as they were a moment ago: half the price of a strong read."""
        request = self._query(pk, range_condition, matching, None) | {"Select": "COUNT"}
        total, start_key = 0, None
        while True:
            page: dict[str, Any] = {"ExclusiveStartKey": start_key} if start_key else {}
            answer = self._calls.make("Query", request | page)
            total += int(answer["Count"])
            start_key = answer.get("LastEvaluatedKey")
            if start_key is None:
                return total

    def commit(self, *writes: Write) -> None:
        """Do all writes or none.

        Raises:
            Exception: the refusal of the first write whose condition failed.
            StorageUnavailableError: no answer, throttled, or in conflict for longer than the retries last.
        """
        if len(writes) > MAX_WRITES:
            raise ValueError(f"a unit of work has at most {MAX_WRITES} writes, not {len(writes)}")
        if len(writes) == 1 and writes[0].verb != "ConditionCheck":
            self._commit_one(writes[0])
        else:
            self._commit_together(writes)

    def change(self, write: Write) -> Raw:
        """Do one update and return the item as it is after it.

        Raises:
            Exception: the write's refusal, when its condition failed.
            StorageUnavailableError: no answer, or throttled: whether it was done is not known.
        """
        parameters = {**self._table, **_target(write), **write.parameters, "ReturnValues": "ALL_NEW"}
        item: Raw = self._write("UpdateItem", parameters, write)["Attributes"]
        return item

    def put_all(self, records: Sequence[Record]) -> None:
        """Put records that are the same whoever writes them, and how often: in batches, on no condition.

        Raises:
            StorageUnavailableError: some may have been put; all can be put again.
        """
        waiting = [{"PutRequest": {"Item": record.to_raw()}} for record in records]
        idle = 0
        while waiting:
            sent, waiting = waiting[:BATCH_WRITE_LIMIT], waiting[BATCH_WRITE_LIMIT:]
            answer = self._calls.make("BatchWriteItem", {"RequestItems": {self._table_name: sent}})
            left = answer.get("UnprocessedItems", {}).get(self._table_name, [])
            idle = idle + 1 if len(left) == len(sent) else 0
            if idle:
                self._wait(idle - 1, "the table did not get round to what was to be put")
            waiting += left

    def add(self, key: Key, attribute: str, amount: int) -> int:
        """Add to a counter and return its new value; creates it at zero. Not idempotent: for leases only."""
        answer = self._write(
            "UpdateItem",
            {
                **self._table,
                "Key": key.raw,
                "UpdateExpression": "ADD #a :n",
                "ExpressionAttributeNames": {"#a": attribute},
                "ExpressionAttributeValues": {":n": {"N": str(amount)}},
                "ReturnValues": "UPDATED_NEW",
            },
        )
        return int(answer["Attributes"][attribute]["N"])

    @property
    def _table(self) -> dict[str, Any]:
        return {"TableName": self._table_name}

    def _query(
        self, pk: str, range_condition: Condition | None, matching: Condition | None, index: str | None
    ) -> dict[str, Any]:
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        hash_condition = Record.pk == pk if index is None else Path(INDEX_HASH[index]) == pk
        condition = hash_condition if range_condition is None else hash_condition & range_condition
        request: dict[str, Any] = {
            **self._table,
            "KeyConditionExpression": condition.serialize(names, values),
        }
        if index is not None:
            request["IndexName"] = index
        if matching is not None:
            request["FilterExpression"] = matching.serialize(names, values)
        request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
        request["ExpressionAttributeValues"] = values
        return request

    def _commit_one(self, write: Write) -> None:
        self._write(f"{write.verb}Item", {**self._table, **_target(write), **write.parameters}, write)

    def _commit_together(self, writes: Sequence[Write]) -> None:
        members = [{write.verb: {**self._table, **_target(write), **write.parameters}} for write in writes]
        self._write("TransactWriteItems", {"TransactItems": members}, *writes)

    def _write(self, operation: str, parameters: dict[str, Any], *writes: Write) -> dict[str, Any]:
        """Make a writing call; again, a few times, when it met another on the same item: neither is wrong."""
        attempt = 0
        while True:
            try:
                return self._calls.make(operation, parameters)
            except ClientError as error:
                _raise_unless_conflict(error, writes)
            self._wait(attempt, "this write met others on the same items too often")
            attempt += 1

    def _wait(self, attempt: int, problem: str) -> None:
        """Wait for a moment before another attempt, a random one so that those who met do not meet again."""
        if attempt + 1 == ATTEMPTS_ON_CONFLICT:
            raise StorageUnavailableError(problem)
        self._sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 -- jitter, not a secret


def _target(write: Write) -> dict[str, Any]:
    return {} if write.verb == "Put" else {"Key": write.key.raw}


def _raise_unless_conflict(error: ClientError, writes: Sequence[Write]) -> None:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raise writes[0].refused(answer_of(error).get("Item")) from None
    if code == "TransactionCanceledException":
        _raise_refusal(error, writes, answer_of(error)["CancellationReasons"])
    elif code != "TransactionConflictException":
        raise error


def _raise_refusal(error: ClientError, writes: Sequence[Write], reasons: Sequence[dict[str, Any]]) -> None:
    """Raise what the first failed condition means; a throttled member makes the whole unit unavailable."""
    for write, reason in zip(writes, reasons, strict=True):
        if reason["Code"] == "ConditionalCheckFailed":
            raise write.refused(reason.get("Item")) from None
    codes = {reason["Code"] for reason in reasons} - {"None", "TransactionConflict"}
    if codes - _THROTTLED:
        raise error  # a write that can never be done: a mistake of ours
    if codes:
        raise StorageUnavailableError(", ".join(sorted(codes)))
