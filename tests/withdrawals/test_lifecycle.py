from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.withdrawals import lifecycle
from chalicelib.withdrawals.lifecycle import RELEASING, TRANSITIONS, Status, TransitionError

FINAL = {Status.COMPLETED, Status.FAILED, Status.REJECTED, Status.CANCELLED}


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("wanted", Status)
def test_nothing_follows_a_final_status(status: Status, wanted: Status) -> None:
    assert lifecycle.is_final(status)
    with pytest.raises(TransitionError):
        lifecycle.change(status, 3, wanted, 0)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PENDING}))
def test_what_is_signed_can_neither_be_cancelled_nor_rejected(status: Status) -> None:
    with pytest.raises(TransitionError):
        lifecycle.cancel(status, 2, 0)
    with pytest.raises(TransitionError):
        lifecycle.reject(status, 2, 0, "no")


def test_a_step_counts_the_version_on_and_says_why() -> None:
    rejected = lifecycle.reject("pending", 1, 1_000, "The address is on a list.")
    assert (rejected.status, rejected.version, rejected.at) == (Status.REJECTED, 2, 1_000)
    assert rejected.error_message == "The address is on a list."
    assert rejected.completed_at is None
    assert lifecycle.change("submitted", 4, Status.COMPLETED, 2_000).completed_at == 2_000


def test_only_an_end_other_than_completed_releases() -> None:
    assert FINAL - {Status.COMPLETED} == RELEASING


@given(st.lists(st.sampled_from(list(Status)), max_size=12))
def test_every_way_leads_through_processing_and_submitted_to_completed(wishes: list[Status]) -> None:
    status, way = Status.PENDING, [Status.PENDING]
    for wish in wishes:
        try:
            status = lifecycle.change(status, len(way), wish, 0).status
        except TransitionError:
            continue
        way.append(status)
    assert all(after in TRANSITIONS[before] for before, after in pairwise(way))
    if status is Status.COMPLETED:
        assert way == [Status.PENDING, Status.PROCESSING, Status.SUBMITTED, Status.COMPLETED]
    assert len(set(way) & FINAL) <= 1
