"""The rules of the bucket, against one that is filled and emptied step by step."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.quotas.bucket import DEFAULT, MICROSECONDS, Quota, seconds_up

QUOTAS = st.builds(Quota, st.integers(1, 100_000), st.integers(1, 10_000))


class Reference:
    """A bucket as everyone draws it: tokens that come back with time."""

    def __init__(self, quota: Quota) -> None:
        self.quota, self.tokens, self.at = quota, Fraction(quota.burst), 0

    def at_moment(self, now: int) -> Fraction:
        restored = Fraction((now - self.at) * self.quota.per_minute, 60 * MICROSECONDS)
        self.tokens, self.at = min(Fraction(self.quota.burst), self.tokens + restored), now
        return self.tokens


@given(QUOTAS, st.lists(st.tuples(st.integers(0, 90 * MICROSECONDS), st.integers(1, 50)), max_size=60))
def test_it_is_a_token_bucket(quota, steps):
    reference, full_at, now = Reference(quota), 0, 1
    for waited, requests in steps:
        now += waited
        tokens, available = reference.at_moment(now), quota.available(full_at, now)
        assert tokens - 1 - Fraction(len(steps), 1000) < available <= tokens, "rounded down, never up"
        is_enough = max(full_at, now) <= quota.latest(requests, now)
        assert is_enough == (available >= requests) or abs(tokens - requests) < Fraction(1, 1000)
        if is_enough and available >= requests:
            full_at = max(full_at, now) + quota.cost(requests)
            reference.tokens -= requests


@given(QUOTAS, st.integers(0, 200 * MICROSECONDS))
def test_who_waits_as_told_finds_a_request_in_it_and_not_before(quota, ahead):
    wait = quota.wait(ahead, 0)
    if wait > ahead:
        return
    assert quota.available(ahead, wait) >= 1
    assert wait < 1 or quota.available(ahead, wait - 2) < 1 or wait <= 2


def test_parts_are_at_most_five_per_cent_and_a_second_of_the_quota():
    assert (DEFAULT.part, DEFAULT.kept) == (10, 2)
    for per_minute in (*range(1, 2000), 60_000):
        quota = Quota(per_minute, 10)
        assert quota.part == 1 or quota.part <= per_minute / 20
        assert quota.part == 1 or quota.part <= per_minute / 60
        assert 20 * quota.kept + quota.part <= max(1, per_minute / 10), "twenty processes: 10 % at the most"


@pytest.mark.parametrize(
    ("microseconds", "seconds"), [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)]
)
def test_seconds_are_rounded_up(microseconds, seconds):
    assert seconds_up(microseconds) == seconds
