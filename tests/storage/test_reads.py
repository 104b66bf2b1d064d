"""Reads: whole, in few calls, however many pages and refusals there are on the way."""

import pytest

from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.store import ATTEMPTS_ON_CONFLICT, Store
from chalicelib.storage.unit_of_work import create
from tests.storage.conftest import Script
from tests.storage.items import Box, box, key
from tests.support.settings import TABLE


def fill(store: Store, count: int) -> list[str]:
    names = [f"{number:03d}" for number in range(count)]
    store.commit(*(create(box(name, number)) for number, name in enumerate(names)))
    return names


def unprocessed(*names: str) -> dict[str, object]:
    left = {TABLE: {"Keys": [key(name).raw for name in names]}}
    return {"Responses": {}, "UnprocessedKeys": left, "ResponseMetadata": {}}


def test_what_is_not_there_is_none_or_absent(store: Store) -> None:
    fill(store, 1)
    assert store.get(Box, key("missing")) is None
    assert set(store.get_many(Box, [key("missing"), key("000")])) == {key("000")}
    assert store.get_raw([]) == {}


def test_many_items_are_read_a_hundred_at_a_time_and_each_once(store: Store, script: Script) -> None:
    names = fill(store, 100)
    script.asked.clear()
    found = store.get_many(Box, [key(name) for name in [*names, "more", *names]])
    assert sorted(one.sk for one in found.values()) == names
    assert script.asked == ["BatchGetItem", "BatchGetItem"]


def test_keys_that_were_not_got_round_to_are_asked_for_again(store: Store, script: Script) -> None:
    names = fill(store, 3)
    script.answer("BatchGetItem", unprocessed(*names), unprocessed(*names[1:]), None)
    assert set(store.get_many(Box, [key(name) for name in names])) == {key("001"), key("002")}
    assert script.asked.count("BatchGetItem") == 3
    assert len(script.slept) == 1, "it waits when nothing came, and goes straight on when something did"


def test_a_table_that_gets_round_to_nothing_is_given_up(store: Store, script: Script) -> None:
    script.answer("BatchGetItem", *[unprocessed("a")] * 20)
    with pytest.raises(StorageUnavailableError):
        store.get_raw([key("a")])
    assert script.asked.count("BatchGetItem") == ATTEMPTS_ON_CONFLICT


def test_a_partition_is_read_to_its_end(store: Store, script: Script) -> None:
    names = fill(store, 25)
    store.commit(create(box("elsewhere", room="BOX#two")))
    script.asked.clear()
    assert [one.sk for one in store.query_all(Box, "BOX#one", limit=10)] == names
    assert script.asked == ["Query"] * 3


def test_pages_go_on_where_the_one_before_ended(store: Store) -> None:
    names = fill(store, 5)
    first = store.query(Box, "BOX#one", limit=2, newest_first=True)
    assert [one.sk for one in first.records] == names[:2:-1]
    rest = store.query(Box, "BOX#one", newest_first=True, start_key=first.last_key)
    assert [one.sk for one in rest.records] == names[2::-1]
    assert rest.last_key is None


def test_a_range_and_a_filter_narrow_a_query(store: Store) -> None:
    fill(store, 10)
    narrowed = store.query(Box, "BOX#one", Record.sk.between("003", "007"), matching=Box.units > 5)
    assert [one.units for one in narrowed.records] == [6, 7]


def test_counts_go_over_all_pages(store: Store, script: Script) -> None:
    fill(store, 30)
    last = {"Count": 107, "LastEvaluatedKey": key("006").raw, "Items": [], "ResponseMetadata": {}}
    script.answer("Query", last, None)
    assert store.count("BOX#one") == 107 + 23
    assert store.count("BOX#one", Record.sk < "010", Box.units >= 5) == 5


def test_a_counter_starts_at_zero(store: Store) -> None:
    assert [store.add(key("counter"), "next", 50) for _ in range(3)] == [50, 100, 150]
