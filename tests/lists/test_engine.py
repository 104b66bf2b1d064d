"""The counting engine against a list that is gone through row by row."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.api.pagination import read_cursor
from chalicelib.lists.sealing import Step, seal
from chalicelib.lists.spec import Asked
from chalicelib.storage.unit_of_work import ConflictError
from tests.lists.world import CURRENCIES, STATUSES, ListWorld, things

SEEDS = st.integers(0, 10**9)


class CrashError(Exception):
    """The process stopped here."""


def some_asked(chance: random.Random, world: ListWorld) -> Asked:
    wanted = frozenset(chance.sample(STATUSES, chance.randint(1, 3)))
    currency = chance.choice((None, *CURRENCIES))
    filters = (None, lambda one: one[0] in wanted and currency in {None, one[1]}, lambda _: False)
    rows = sorted(world.live) or [""]
    bounds = (None, None)
    if chance.random() < 0.4:
        bounds = tuple(chance.choice((None, chance.choice(rows), chance.choice(rows) + "x")) for _ in range(2))
    return Asked(
        limit=chance.randint(1, 12),
        offset=chance.choice((0, 0, chance.randint(0, len(rows) + 2))),
        matching=chance.choices(filters, (2, 5, 0.3))[0],
        between=bounds,  # type: ignore[arg-type]
        oldest_first=chance.random() < 0.4,
    )


def check(world: ListWorld, asked: Asked) -> None:
    rows, total, has_more = world.expected(asked)
    page = world.page(asked)
    assert [row.sk for row in page.rows] == rows
    assert page.total == total
    assert (page.next_cursor is not None) == (has_more and asked.offset < total + len(rows) + 1)


def check_on(world: ListWorld, asked: Asked) -> None:
    """Go on from every cursor to the end of the list."""
    after = None
    for _ in range(len(world.live) + 2):
        rows, total, has_more = world.expected(asked, after)
        page = world.page(asked)
        assert ([row.sk for row in page.rows], page.total, page.next_cursor is not None) == (rows, total, has_more)
        if page.next_cursor is None:
            return
        after = read_cursor(page.next_cursor)
        asked = Asked(
            limit=asked.limit,
            cursor=page.next_cursor,
            matching=asked.matching,
            between=asked.between,
            oldest_first=asked.oldest_first,
        )
    raise AssertionError("cursors go round in a circle")


def test_a_writer_that_knows_less_of_the_log_than_the_list_does_is_refused() -> None:
    world = ListWorld(things())
    world.create(30)
    for row in sorted(world.live)[:9]:
        world.change(row, "completed")
        world.number()
    world.clock.advance(40)
    early, late = world.log[0], world.log[-1]
    seal(world.env, world.rows, late)
    before = world.root()
    world.create(9)
    world.clock.advance(40)
    with pytest.raises(ConflictError):
        seal(world.env, world.rows, early)
    assert world.root() == before


def test_a_query_that_meets_the_root_on_neither_place_is_made_again() -> None:
    world = ListWorld(things())
    world.create(40)
    world.clock.advance(40)
    world.seal()
    whole = world.page(Asked(limit=3))
    world.store.query = _once_without_root(world.store.query)  # type: ignore[method-assign]
    again = world.page(Asked(limit=3))
    assert (again.total, [row.sk for row in again.rows]) == (whole.total, [row.sk for row in whole.rows])


def _once_without_root(query: Any) -> Any:
    """A query during which the root moved from behind it to before it."""
    times = iter([True])

    def asked(*arguments: Any, **options: Any) -> Any:
        found = query(*arguments, **options)
        if not next(times, False):
            return found
        return replace(found, records=[one for one in found.records if not one.raw["sk"]["S"].endswith("~")])

    return asked


def act(world: ListWorld, chance: random.Random) -> None:
    match chance.randint(0, 7):
        case 0:
            world.create(chance.randint(1, 25))
        case 1:
            world.clock.advance(40)
        case 2 | 3:
            for row in chance.sample(sorted(world.live), min(len(world.live), chance.randint(1, 6))):
                world.change(row, chance.choice(STATUSES))
        case 4:
            world.number(chance.randint(1, 8), is_written_out=chance.random() < 0.6)
        case 5:
            compact(world)
        case 6:
            race_or_crash(world, chance)
        case 7:
            world.lag() if chance.random() < 0.6 else world.catch_up()


def tell_all(world: ListWorld) -> None:
    while world.logged != world.live:
        world.number(100)


def compact(world: ListWorld) -> None:
    for _ in range(50):
        if not world.seal():
            return


def race_or_crash(world: ListWorld, chance: random.Random) -> None:
    if chance.random() < 0.5:
        slow: Step[Any] = Step(world.env, world.rows, world.some_complete)
        if chance.random() < 0.5:
            world.change(chance.choice(sorted(world.live)), chance.choice(STATUSES)) if world.live else None
            world.number()
        was_beaten = slow.is_due and (world.seal() or world.root().version > slow.root.version)
        if slow.is_due and was_beaten:
            with pytest.raises(ConflictError):
                slow.take()
        elif slow.is_due:
            slow.take()
        return
    calls = iter(range(chance.randint(1, 6)))

    def crash(_: str) -> None:
        if next(calls, None) is None:
            raise CrashError

    world.store.before_call = crash
    try:
        world.seal()
    except CrashError:
        pass
    finally:
        world.store.before_call = lambda _: None


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_every_page_is_what_going_through_all_rows_would_give(seed: int) -> None:
    chance = random.Random(seed)
    world = ListWorld(things(), seed)
    for _ in range(chance.randint(5, 60)):
        act(world, chance)
        check(world, some_asked(chance, world))
    check_on(world, Asked(limit=3, matching=lambda one: one[0] in {"waiting", "completed"}))
    asked = some_asked(chance, world)
    check_on(world, Asked(asked.limit, 0, None, asked.matching, asked.between, asked.oldest_first))


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_page_read_while_the_list_is_compacted_is_right_all_the_same(seed: int) -> None:
    chance = random.Random(seed)
    world = ListWorld(things(), seed)
    for _ in range(chance.randint(5, 30)):
        act(world, chance)
    tell_all(world)
    asked = some_asked(chance, world)
    rows, total, _ = world.expected(asked)
    calls = iter(range(chance.randint(0, 4)))

    def compact_now(_: str) -> None:
        if next(calls, None) is None:
            world.store.before_call = lambda _: None
            compact(world)

    world.clock.advance(40)
    world.store.before_call = compact_now
    page = world.page(asked)
    assert ([row.sk for row in page.rows], page.total) == (rows, total)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_once_all_is_told_the_counts_are_the_rows(seed: int) -> None:
    chance = random.Random(seed)
    world = ListWorld(things(), seed)
    for _ in range(chance.randint(5, 50)):
        act(world, chance)
    tell_all(world)
    for status in STATUSES:
        page = world.page(Asked(limit=1, matching=lambda one, status=status: one[0] == status))  # type: ignore[misc]
        assert page.total == sum(one[0] == status for one in world.live.values())


def three_pages(world: ListWorld) -> list[str]:
    """Rows old enough to be sealed; the first one's two changes stand on the log's second and third page."""
    world.create(9)
    rows = sorted(world.live)
    world.change(rows[-1], "expired")
    for row, status in ((rows[-1], "expired"), (rows[0], "confirming"), (rows[0], "completed")):
        world.change(row, status)
        world.number()
    world.clock.advance(40)
    return rows


def counts_are_right(world: ListWorld) -> bool:
    # Behind the end, so that no block is opened: what is opened is right even where its count is not.
    asked = [Asked(limit=1, offset=99, matching=lambda one, s=s: one[0] == s) for s in STATUSES]  # type: ignore[misc]
    pages = [world.page(one) for one in asked]
    return [page.total for page in pages] == [sum(one[0] == s for one in world.live.values()) for s in STATUSES]


def test_a_row_that_has_forgotten_its_step_is_sealed_as_the_known_log_has_it() -> None:
    world = ListWorld(things())
    rows = three_pages(world)
    world.store.put_raw({**world.record(rows[0]).to_raw(), "l": {"S": "[]"}})
    seal(world.env, world.rows, world.log[0])
    assert world.last_sealed
    assert counts_are_right(world)


def test_a_step_that_is_told_while_its_row_is_sealed_is_not_counted_twice() -> None:
    world = ListWorld(things())
    rows = three_pages(world)
    world.change(rows[1], "completed")
    known = world.log[-1]
    asked = iter(["top", "events"])

    def tell_before_events(operation: str) -> None:
        if operation == "BatchGetItem" and next(asked, None) == "events":
            world.store.before_call = lambda _: None
            world.number()

    world.store.before_call = tell_before_events
    seal(world.env, world.rows, known)
    assert world.log[-1].sk > known.sk
    assert world.last_sealed
    assert counts_are_right(world)
