from datetime import UTC, datetime

import pytest

from chalicelib.errors import InvalidRequestError
from chalicelib.withdrawals.periods import first_ms, last_ms


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-12-27", ms(2024, 12, 27), ms(2024, 12, 28) - 1),
        ("2024-12-27T10:00:00Z", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T10:00:00", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T10:00", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27 10:00:00z", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T10:00:00.123456Z", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T12:00:00+02:00", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T12:00:00 02:00", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("2024-12-27T08:00:00-0200", ms(2024, 12, 27, 10), ms(2024, 12, 27, 10, 0, 1) - 1),
        ("0001-01-01T00:00:00+02:00", -62135604000000, -62135603999001),
    ],
)
def test_a_day_and_a_moment_are_spans(text, first, last):
    assert (first_ms(text, "start_date"), last_ms(text, "end_date")) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "27.12.2024",
        "2024-12-27T25:00:00Z",
        "yesterday",
        "٢٠٢٤-١٢-٢٧",
        "1735293600",
    ],
)
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(InvalidRequestError) as refused:
        first_ms(text, "start_date")
    assert "start_date" in refused.value.details
