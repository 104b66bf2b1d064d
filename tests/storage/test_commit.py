"""The unit of work: all or nothing, each refusal known, conflicts tried again."""

import pytest
from botocore.exceptions import ClientError
from pynamodb.expressions.condition import Condition

from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Raw
from chalicelib.storage.store import ATTEMPTS_ON_CONFLICT, Store
from chalicelib.storage.unit_of_work import ConflictError, Write, check, create, delete, put, update
from tests.storage.conftest import Script, cancelled, refused
from tests.storage.items import Box, box, key


class FirstError(Exception):
    pass


class SecondError(Exception):
    pass


class ThirdError(Exception):
    pass


def is_one() -> Condition:
    condition: Condition = Box.units == 1
    return condition


@pytest.mark.parametrize(
    ("write", "operation"),
    [
        (create(box("a")), "PutItem"),
        (put(box("a")), "PutItem"),
        (update(key("a"), [Box.units.add(1)]), "UpdateItem"),
        (delete(key("a")), "DeleteItem"),
    ],
)
def test_one_write_goes_out_plain(store: Store, script: Script, write: Write, operation: str) -> None:
    store.commit(write)
    assert script.asked == [operation], "half the price of a transaction, and as atomic"


def test_several_writes_are_one_transaction(store: Store, script: Script) -> None:
    store.commit(create(box("a")), create(box("b")), update(key("c"), [Box.units.add(5)]), delete(key("d")))
    assert script.asked == ["TransactWriteItems"]
    found = store.get_many(Box, [key("a"), key("b"), key("c"), key("d")])
    assert {one.sk: one.units for one in found.values()} == {"a": 1, "b": 1, "c": 5}


def test_a_lone_check_is_a_transaction(store: Store, script: Script) -> None:
    store.commit(create(box("a")))
    store.commit(check(key("a"), is_one(), FirstError()))
    with pytest.raises(FirstError):
        store.commit(check(key("b"), is_one(), FirstError()))
    assert script.asked[1:] == ["TransactWriteItems", "TransactWriteItems"]


def test_a_refused_write_leaves_all_others_undone(store: Store) -> None:
    store.commit(create(box("b", 7)))
    with pytest.raises(ConflictError):
        store.commit(create(box("a")), create(box("b")), update(key("c"), [Box.units.add(5)]))
    found = store.get_many(Box, [key("a"), key("b"), key("c")])
    assert {one.sk: one.units for one in found.values()} == {"b": 7}


@pytest.mark.parametrize(
    ("there", "expected"), [("a", FirstError), ("b", SecondError), ("c", ThirdError), ("bc", SecondError)]
)
def test_a_refusal_is_that_of_the_first_write_refused(store: Store, there: str, expected: type[Exception]) -> None:
    for name in there:
        store.commit(create(box(name)))
    refusals = {"a": FirstError(), "b": SecondError(), "c": ThirdError()}
    with pytest.raises(expected):
        store.commit(*(create(box(name), refusal) for name, refusal in refusals.items()))


@pytest.mark.parametrize("others", [0, 2])
def test_a_refusal_is_told_the_item_as_it_stands(store: Store, others: int) -> None:
    store.commit(create(box("a", 42)))

    def refusal(item: Raw | None) -> Exception:
        assert item is not None
        return LookupError(Box.of_raw(item).units)

    more = [create(box(f"other {number}")) for number in range(others)]
    with pytest.raises(LookupError) as refused_with:
        store.commit(*more, create(box("a"), refusal))
    assert refused_with.value.args == (42,), "no second read is needed"


def test_a_refusal_about_an_item_that_is_not_there_is_told_none(store: Store) -> None:
    seen: list[Raw | None] = []
    conditioned = update(key("a"), [Box.units.add(1)], is_one(), lambda item: seen.append(item) or FirstError())
    with pytest.raises(FirstError):
        store.commit(conditioned)
    assert seen == [None]


@pytest.mark.parametrize("writes", [1, 2])
def test_a_conflict_is_tried_again_after_a_random_wait(store: Store, script: Script, writes: int) -> None:
    conflict = refused("TransactionConflictException") if writes == 1 else cancelled("None", "TransactionConflict")
    script.answer("PutItem" if writes == 1 else "TransactWriteItems", conflict, conflict, None)
    store.commit(*(create(box(str(number))) for number in range(writes)))
    assert len(script.asked) == 3
    assert len(set(script.slept)) == 2
    assert all(0 <= seconds <= 0.02 * 2**attempt for attempt, seconds in enumerate(script.slept))
    assert store.get(Box, key("0")) is not None


@pytest.mark.parametrize("writes", [1, 2])
def test_conflicts_without_end_are_given_up(store: Store, script: Script, writes: int) -> None:
    conflict = refused("TransactionConflictException") if writes == 1 else cancelled("TransactionConflict", "None")
    script.answer("PutItem" if writes == 1 else "TransactWriteItems", *[conflict] * 20)
    with pytest.raises(StorageUnavailableError):
        store.commit(*(create(box(str(number))) for number in range(writes)))
    assert len(script.asked) == ATTEMPTS_ON_CONFLICT
    assert sum(script.slept) < 1, "a Lambda has not long to wait"


def test_a_counter_meets_transactions_too(store: Store, script: Script) -> None:
    script.answer("UpdateItem", refused("TransactionConflictException"), None)
    assert store.add(key("counter"), "next", 5) == 5
    assert store.add(key("counter"), "next", 5) == 10


def test_a_failed_condition_beside_a_conflict_is_the_answer(store: Store, script: Script) -> None:
    script.answer("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(SecondError):
        store.commit(create(box("a"), FirstError()), create(box("b"), SecondError()))
    assert script.slept == []


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_member_makes_the_unit_unavailable(store: Store, script: Script, reason: str) -> None:
    script.answer("TransactWriteItems", cancelled("None", reason))
    with pytest.raises(StorageUnavailableError, match=reason):
        store.commit(create(box("a")), create(box("b")))
    assert len(script.asked) == 1, "only conflicts are tried again here: the caller's caller has more time"


def test_a_member_that_can_never_be_written_is_an_error_of_ours(store: Store, script: Script) -> None:
    script.answer("TransactWriteItems", cancelled("None", "ValidationError"))
    with pytest.raises(ClientError):
        store.commit(create(box("a")), create(box("b")))


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "TransactionInProgressException",
    ],
)
@pytest.mark.parametrize("writes", [1, 2])
def test_what_is_throttled_or_down_is_unavailable(store: Store, script: Script, code: str, writes: int) -> None:
    for operation in ("PutItem", "TransactWriteItems", "GetItem"):
        script.answer(operation, refused(code))
    with pytest.raises(StorageUnavailableError):
        store.commit(*(create(box(str(number))) for number in range(writes)))
    with pytest.raises(StorageUnavailableError):
        store.get(Box, key("a"))


@pytest.mark.parametrize("writes", [1, 2])
def test_what_dynamodb_does_not_understand_is_an_error_of_ours(store: Store, script: Script, writes: int) -> None:
    script.answer("PutItem", refused("ValidationException"))
    script.answer("TransactWriteItems", refused("ValidationException"))
    with pytest.raises(ClientError):
        store.commit(*(create(box(str(number))) for number in range(writes)))


def test_a_hundred_writes_are_the_most(store: Store, script: Script) -> None:
    writes = [create(box(f"{number:03d}")) for number in range(101)]
    with pytest.raises(ValueError, match="at most 100"):
        store.commit(*writes)
    assert script.asked == []
    store.commit(*writes[:100])
    assert store.count("BOX#one") == 100


def test_an_item_stands_in_a_unit_of_work_once(store: Store) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        store.commit(put(box("a", 1)), put(box("a", 2)))
    assert store.get(Box, key("a")) is None
