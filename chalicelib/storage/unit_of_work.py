"""The unit of work: a command's writes, each with its condition and what it means when that fails.

One write goes out as a plain conditional write (half the price of a transaction, and as atomic);
several go out as one TransactWriteItems.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update

from chalicelib.storage.records import Key, Raw, Record

Refusal = Exception | Callable[[Raw | None], Exception]
MAX_WRITES = 100  # of one TransactWriteItems


class ConflictError(Exception):
    """The item changed since it was read: read again, decide again."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a unit of work, in DynamoDB's terms.

    Attributes:
        verb: Put, Update, Delete or ConditionCheck.
        key: the item's address; it may stand in a unit of work only once.
        parameters: item, update and condition expressions.
        refusal: the exception that a failed condition means, or a function of the item as it stands.
    """

    verb: str
    key: Key
    parameters: dict[str, Any]
    refusal: Refusal

    def refused(self, item: Raw | None) -> Exception:
        """Return the exception that this write's failed condition means, given the item as it stands."""
        return self.refusal if isinstance(self.refusal, Exception) else self.refusal(item)


def create(record: Record, refusal: Refusal | None = None) -> Write:
    """Put a record that must not exist yet."""
    return put(record, Record.pk.does_not_exist(), refusal)


def put(record: Record, condition: Condition | None = None, refusal: Refusal | None = None) -> Write:
    """Put a record, whole."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters = {"Item": record.to_raw(), **_expressions(names, values, condition)}
    return Write("Put", record.key, parameters, refusal or ConflictError(f"{record.key} is not as expected"))


def update(
    key: Key, actions: Sequence[Action], condition: Condition | None = None, refusal: Refusal | None = None
) -> Write:
    """Change attributes of an item."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = Update(*actions).serialize(names, values)
    parameters = {"UpdateExpression": expression, **_expressions(names, values, condition)}
    return Write("Update", key, parameters, refusal or ConflictError(f"{key} is not as expected"))


def delete(key: Key, condition: Condition | None = None, refusal: Refusal | None = None) -> Write:
    """Remove an item."""
    parameters = _expressions({}, {}, condition)
    return Write("Delete", key, parameters, refusal or ConflictError(f"{key} is not as expected"))


def check(key: Key, condition: Condition, refusal: Refusal) -> Write:
    """Demand something of an item without changing it."""
    return Write("ConditionCheck", key, _expressions({}, {}, condition), refusal)


def _expressions(names: dict[str, str], values: dict[str, Any], condition: Condition | None) -> dict[str, Any]:
    """Return the expression parameters of a call, leaving out what is empty (DynamoDB refuses empty maps)."""
    expressions: dict[str, Any] = {}
    if condition is not None:
        expressions["ConditionExpression"] = condition.serialize(names, values)
        expressions["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if names:
        expressions["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        expressions["ExpressionAttributeValues"] = values
    return expressions
