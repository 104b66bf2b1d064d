from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.withdrawals.limits import DAY_SECONDS, Limits, Used, excess, room_cents

DAY = 20_000
NOON = (DAY + 0.5) * DAY_SECONDS


def used(**parts) -> Used:
    return replace(Used(day=DAY, hour=int(NOON) // 3600), **parts)


def test_without_limits_nothing_is_refused():
    assert excess(Limits(), Used().at(NOON), 10**12) is None
    assert not Limits(hour_count=1).in_dollars
    assert Limits(each_cents=1).in_dollars


@pytest.mark.parametrize(
    ("limits", "before", "cents", "limit", "taken", "resets_at"),
    [
        (Limits(each_cents=100), used(), 101, 100, 0, None),
        (Limits(day_cents=100), used(today_cents=60), 41, 100, 60, (DAY + 1) * DAY_SECONDS),
        (Limits(month_cents=100), used(today_cents=60), 41, 100, 60, (DAY + 30) * DAY_SECONDS),
        (
            Limits(month_cents=100),
            used(today_cents=10, earlier_cents={DAY - 29: 30, DAY - 30: 1000, DAY - 3: 20}),
            41,
            100,
            60,
            (DAY + 1) * DAY_SECONDS,
        ),
        (Limits(hour_count=3), used(count=3), 0, 3, 3, (int(NOON) // 3600 + 1) * 3600),
    ],
)
def test_each_limit_is_reached_to_the_cent(limits, before, cents, limit, taken, resets_at):
    broken = excess(limits, before, cents)
    assert (broken.limit, broken.used, broken.resets_at) == (limit, taken, resets_at)
    less = replace(before, count=before.count - 1) if limits.hour_count else before
    assert excess(limits, less, cents - 1) is None


def test_a_new_day_and_hour_start_empty_and_the_old_day_is_kept():
    later = used(today_cents=50, count=2).at(NOON + DAY_SECONDS)
    assert (later.day, later.today_cents, later.count) == (DAY + 1, 0, 0)
    assert later.earlier_cents == {DAY: 50}
    assert later.window_cents == 50
    assert later.at(NOON + 30 * DAY_SECONDS).window_cents == 0


def test_a_clock_that_is_behind_stays_on_the_day_of_the_others():
    assert used(today_cents=50, count=1).at(NOON - DAY_SECONDS) == used(today_cents=50, count=1)


def test_the_ring_forgets_what_counts_no_more():
    month = used(today_cents=1)
    for _ in range(60):
        month = replace(month.at((month.day + 1.5) * DAY_SECONDS), today_cents=1)
    assert len(month.earlier_cents) == 30
    assert month.window_cents == 30


def test_what_is_released_goes_back_to_its_own_day():
    before = used(today_cents=50, earlier_cents={DAY - 2: 30})
    assert before.without(DAY, 20).today_cents == 30
    assert before.without(DAY - 2, 10).earlier_cents == {DAY - 2: 20}
    assert before.without(DAY - 2, 30).earlier_cents == {}
    assert before.without(DAY - 40, 10) == before


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 200), st.integers(0, 200), st.integers(0, 200))
def test_the_room_that_is_demanded_is_what_the_limits_leave(day, month, cents, today, before):
    limits = Limits(day_cents=day, month_cents=month)
    state = used(today_cents=today, earlier_cents={DAY - 1: before})
    room = room_cents(limits, state)
    assert (excess(limits, state, cents) is None) == (today <= room - cents)


def test_without_sums_there_is_no_room_to_demand():
    assert room_cents(Limits(each_cents=5, hour_count=1), used()) is None
