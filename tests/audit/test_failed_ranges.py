"""The arithmetic of failed ranges, and their item."""

import pytest

from chalicelib.chains import failed_ranges
from chalicelib.chains.failed_ranges import MOST_RANGES, joined, without
from chalicelib.environment import Environment
from tests.support.aws import AwsCalls


def test_ranges_that_touch_are_joined() -> None:
    assert joined([(5, 9), (1, 2), (3, 4), (20, 20), (7, 12)]) == [(1, 12), (20, 20)]


def test_too_many_are_joined_over_their_gaps() -> None:
    many = joined((10 * place, 10 * place + 1) for place in range(MOST_RANGES + 5))
    assert len(many) == MOST_RANGES
    assert many[0] == (0, 51)
    assert many[1] == (60, 61)


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ((1, 9), [(20, 30)]),
        ((3, 4), [(1, 2), (5, 9), (20, 30)]),
        ((1, 1), [(2, 9), (20, 30)]),
        ((9, 25), [(1, 8), (26, 30)]),
        ((10, 19), [(1, 9), (20, 30)]),
        ((0, 99), []),
    ],
)
def test_a_range_is_taken_out_of_others(taken: tuple[int, int], left: list[tuple[int, int]]) -> None:
    assert without([(1, 9), (20, 30)], taken) == left


def test_what_was_noted_meanwhile_stays(env: Environment) -> None:
    failed_ranges.note(env, "TRX", 1, 50)
    failed_ranges.note(env, "TRX", 1, 50)
    failed_ranges.note(env, "TRX", 90, 95)
    failed_ranges.clear(env, "TRX", [(1, 50)])
    assert failed_ranges.noted(env, "TRX") == [(90, 95)]
    assert failed_ranges.noted(env, "ETH") == []


def test_a_table_that_does_not_answer_hides_no_error_of_the_scan(
    env: Environment, aws_calls: AwsCalls, caplog: pytest.LogCaptureFixture
) -> None:
    aws_calls.fail("GetItem")
    failed_ranges.note(env, "TRX", 1, 50)
    assert "could not be noted" in caplog.text
