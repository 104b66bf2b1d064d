import pytest

from chalicelib.webhooks.schedule import next_delay_seconds, read_retry_after, uses_queue_delay

HOUR = 3600
NOW = 1_614_265_330.0  # Thu, 25 Feb 2021 15:02:10 GMT


def test_ten_attempts_on_schedule_then_none():
    waits = [next_delay_seconds(made, None, 0) for made in range(11)]
    assert waits == [0, 5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR, None]


def test_jitter_adds_up_to_a_tenth():
    assert next_delay_seconds(2, None, 1) == pytest.approx(330)
    assert next_delay_seconds(2, None, 0.5) == pytest.approx(315)


@pytest.mark.parametrize("jitter", [-0.1, 1.1])
def test_a_jitter_outside_its_range_is_refused(jitter):
    with pytest.raises(ValueError, match="jitter"):
        next_delay_seconds(1, None, jitter)


@pytest.mark.parametrize(
    ("made", "retry_after", "delay"),
    [(1, 120, 120), (1, 2, 5), (3, 600, 1800), (1, 10**9, 24 * HOUR), (1, 0, 5), (9, 10**9, 24 * HOUR)],
)
def test_the_later_of_schedule_and_the_receiver_s_wish_up_to_a_day(made, retry_after, delay):
    assert next_delay_seconds(made, retry_after, 0) == delay


def test_no_wish_of_the_receiver_s_adds_an_eleventh_attempt():
    assert next_delay_seconds(10, 60, 0) is None


def test_only_waits_under_a_minute_use_the_queue():
    assert uses_queue_delay(5.5)
    assert uses_queue_delay(59.9)
    assert not uses_queue_delay(60)
    assert not uses_queue_delay(300)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 5000, 24 * HOUR),
        ("Thu, 25 Feb 2021 15:03:10 GMT", 60),
        ("Thu, 25 Feb 2021 15:03:10 -0000", 60),
        ("Thu, 25 Feb 2021 14:00:00 GMT", 0),
        ("Fri, 25 Feb 2061 15:03:10 GMT", 24 * HOUR),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Thu, 99 Feb 2021 99:03:10 GMT", None),
        ("Thu, 25 Feb 99999 15:03:10 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert read_retry_after(header, NOW) == seconds
