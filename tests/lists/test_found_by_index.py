"""A list whose rows an index finds, and whose rows are sealed once they are final: transfers of a wallet."""

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.lists.sealing import seal
from chalicelib.lists.spec import Asked, RowList, settled
from chalicelib.storage.records import Key
from tests.lists.world import ListWorld, ThingRecord, things

PARTITION = "WALLETTHINGS#t_1#w_1"


def indexed() -> RowList[ThingRecord]:
    return replace(
        things(),
        name="thing#w_1",
        partition=PARTITION,
        index="list_index",
        untold=None,
        row_key=lambda row: Key("THING#t_1", row),
        sealable=lambda record, place, now: record.status != "waiting" and settled(record, place, now),
    )


class IndexedWorld(ListWorld):
    def _put(self, row: str, steps: list[Any]) -> None:
        partition, self.rows = self.rows, things()
        super()._put(row, steps)
        self.rows = partition
        item = self.store.get_raw([Key("THING#t_1", row)])[Key("THING#t_1", row)]
        self.store.put_raw({**item, "lk": {"S": PARTITION}, "lv": {"S": row}})

    def finish(self, row: str, status: str) -> None:
        """A row becomes final, for good."""
        if self.live[row][0] == "waiting":
            self.live[row] = self.logged[row] = (status, self.live[row][1])
            self._put(row, [])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_every_page_is_what_going_through_all_rows_would_give(seed: int) -> None:
    chance = random.Random(seed)
    world = IndexedWorld(indexed(), seed)
    for _ in range(chance.randint(3, 40)):
        world.create(chance.randint(0, 9))
        for row in chance.sample(sorted(world.live), len(world.live) * 2 // 3):
            world.finish(row, chance.choice(("completed", "failed")))
        if chance.random() < 0.5:
            world.clock.advance(40)
            seal(world.env, world.rows)
        wanted = chance.choice(("completed", "failed", "waiting"))
        asked = Asked(
            limit=chance.randint(1, 9),
            offset=chance.randint(0, len(world.live)),
            matching=chance.choice((None, lambda one, wanted=wanted: one[0] == wanted)),
            oldest_first=chance.random() < 0.3,
        )
        rows, total, has_more = world.expected(asked)
        page = world.page(asked)
        assert ([row.sk for row in page.rows], page.total, page.next_cursor is not None) == (rows, total, has_more)


def test_a_page_takes_five_calls_at_the_most() -> None:
    world = IndexedWorld(indexed())
    world.create(300)
    for row in world.live:
        world.finish(row, "completed")
    world.clock.advance(40)
    while seal(world.env, world.rows):
        pass
    calls: list[str] = []
    world.page(Asked(limit=1))
    world.store.before_call = calls.append
    world.page(Asked(limit=5, offset=200, matching=lambda one: one[0] == "completed"))
    assert len(calls) == 5
