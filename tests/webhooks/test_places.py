"""Which events may be attempted without a lease: two at a time for an endpoint, whatever pages come."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.webhooks import places
from chalicelib.webhooks.places import ATTEMPT_SECONDS, BEGIN_SECONDS, GIVEN, REMEMBERED, give

A, B = "https://a.example:443", "https://b.example:443"


def test_the_first_two_events_of_an_endpoint_get_a_place():
    given_now = give([], [(1, A), (2, A), (3, A), (4, B)], 100)
    assert given_now.numbers == [1, 2, 4]
    assert given_now.begin_by == 100 + BEGIN_SECONDS


def test_a_place_is_free_again_when_its_attempt_must_have_ended():
    first = give([], [(1, A), (2, A)], 100)
    end = 100 + BEGIN_SECONDS + ATTEMPT_SECONDS
    assert give(first.in_use, [(3, A)], end - 1).numbers == []
    assert give(first.in_use, [(3, A)], end).numbers == [3]


def test_what_a_page_carries_on_is_bounded():
    many = [(number, f"https://{number}.example:443") for number in range(1, 100)]
    assert len(give([], many, 100).in_use) == REMEMBERED


PAGES = st.lists(st.tuples(st.integers(0, 30), st.lists(st.sampled_from([A, B]), max_size=5)), max_size=20)


@given(PAGES)
def test_never_more_than_two_can_be_under_way(pages):
    now, number, in_use = 1000, 0, []
    under_way: list[tuple[str, int, int]] = []
    for passed, endpoints in pages:
        now += passed
        events = [(number + place, endpoint) for place, endpoint in enumerate(endpoints, 1)]
        number += len(events)
        made = give(in_use, events, now)
        in_use = made.in_use
        endpoint_of = dict(events)
        under_way += [(endpoint_of[one], now, made.begin_by + ATTEMPT_SECONDS) for one in made.numbers]
        for endpoint in (A, B):
            assert sum(one == endpoint and begun <= now < end for one, begun, end in under_way) <= GIVEN


def test_given_and_leased_are_five_together():
    assert places.GIVEN + places.LEASED == 5
