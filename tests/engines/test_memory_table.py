"""The fake table is held against a real engine: the same calls, the same answers, the same refusals."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Key, Record
from chalicelib.storage.store import Store
from chalicelib.storage.unit_of_work import Write, check, create, delete, put, update
from sandbox.engine.engine import Engine
from tests.engines.conftest import tables
from tests.support.memory_table import MemoryStore, MemoryTable

OPERATIONS = 700
PARTITIONS, ROWS = 3, 12


class Thing(Record):
    """An item with a number, a text, and a place in an index now and then."""

    units = IntegerAttribute(attr_name="u", null=True)
    word = UnicodeAttribute(attr_name="w", null=True)
    lk = UnicodeAttribute(null=True)
    lv = UnicodeAttribute(null=True)


class Refused(Exception):  # noqa: N818 -- compared by its text
    """A failed condition, with the item as it stood."""


def refusal(name: str) -> Any:
    return lambda item: Refused(f"{name}: {sorted(item) if item else None}")


class Caller:
    """Makes the same random calls of whatever store it is given; its own choices depend on the seed alone."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def key(self) -> Key:
        return Key(f"P#{self.random.randrange(PARTITIONS)}", f"{self.random.randrange(ROWS):03d}")

    def thing(self, key: Key) -> Thing:
        record = Thing(pk=key.pk, sk=key.sk, units=self.random.randrange(10), word=self.random.choice("abc") * 2)
        if self.random.random() < 0.5:
            record.lk, record.lv = f"L#{self.random.randrange(2)}", f"{self.random.randrange(5)}"
        return record

    def condition(self) -> Any:
        bound, word = self.random.randrange(10), self.random.choice("abc") * 2
        return self.random.choice(
            [
                Thing.units >= bound,
                Thing.units.does_not_exist() | (Thing.units == bound),
                Record.pk.exists() & ~(Thing.word == word),
                Thing.word.startswith(word[0]) & (Thing.units < bound),
                Thing.word.is_in("aa", "bb"),
                Thing.units.between(2, bound + 2),
                Thing.units != bound,
            ]
        )

    def write(self, key: Key, *, may_check: bool = True) -> Write:
        name = f"{key.sk}"
        match self.random.randrange(5 if may_check else 4):
            case 0:
                return create(self.thing(key), refusal(name))
            case 1:
                return put(self.thing(key), self.condition(), refusal(name))
            case 2:
                return delete(key, self.condition(), refusal(name))
            case 3:
                changes = [
                    Thing.units.add(self.random.randrange(-5, 9)),
                    Thing.word.set(self.random.choice("xyz")),
                ]
                return update(key, changes[: self.random.randrange(1, 3)], self.condition(), refusal(name))
        return check(key, self.condition(), refusal(name))

    def call(self, store: Store) -> Any:
        choice = self.random.randrange(8)
        if choice < 3:
            return store.commit(self.write(self.key(), may_check=False))
        if choice == 3:
            keys = {self.key() for _ in range(self.random.randrange(2, 6))}
            return store.commit(*(self.write(key) for key in sorted(keys)))
        if choice == 4:
            found = store.get_many(Thing, [self.key() for _ in range(4)])
            return sorted((key, record.units, record.word) for key, record in found.items())
        if choice == 5:
            return store.put_all(list({key: self.thing(key) for key in (self.key(), self.key())}.values()))
        return self.query(store, "list_index" if choice == 6 else None)

    def query(self, store: Store, index: str | None) -> Any:
        low, high = sorted((self.random.randrange(ROWS), self.random.randrange(ROWS)))
        ranges = [
            None,
            Record.sk >= f"{low:03d}",
            Record.sk < f"{high:03d}",
            Record.sk.between(f"{low:03d}", "01~"),
        ]
        span = self.random.choice([*ranges, Record.sk.startswith("00")])
        pk = f"L#{self.random.randrange(2)}" if index else f"P#{self.random.randrange(PARTITIONS)}"
        limit = self.random.choice([None, 1, 3])
        matching = self.random.choice([None, Thing.units > low]) if index is None else None
        options: Any = {"newest_first": self.random.random() < 0.5, "index": index, "limit": limit}
        found: list[Any] = []
        start_key = None
        for _ in range(4):
            page = store.query(
                Thing, pk, None if index else span, start_key=start_key, matching=matching, **options
            )
            found += [(record.pk, record.sk, record.units) for record in page.records]
            start_key = page.last_key
            if start_key is None:
                break
        # Entries of an index with the same range value come in no order that DynamoDB promises.
        return sorted(found) if index and limit is None else None if index else found


def outcome(caller: Caller, store: Store) -> Any:
    try:
        return caller.call(store)
    except Refused as refused:
        return str(refused)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_fake_answers_as_a_real_engine_does(running: Engine, tmp_path: Path, seed: int):
    fake = MemoryStore(MemoryTable())
    mine, theirs = Caller(seed), Caller(seed)
    with tables(running, f"fake{seed}", tmp_path) as world:
        for number in range(OPERATIONS):
            assert outcome(mine, fake) == outcome(theirs, world.env.store), f"call {number}"
            assert mine.random.getstate() == theirs.random.getstate()
