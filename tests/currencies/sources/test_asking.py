"""A round of all sources: side by side, and over in time."""

import logging
import threading
import time
from fractions import Fraction

import pytest

from chalicelib.currencies.prices import PriceSourceError, PriceSourceWaitsError, Quote
from chalicelib.currencies.sources.asking import ask_all

QUOTES = {"BTC": Quote(Fraction(1), 1.0)}


class Source:
    """Does what a test tells it to."""

    def __init__(self, name, does=lambda: QUOTES):
        self.name = name
        self.does = does

    def fetch(self):
        return self.does()


def raising(error):
    def does():
        raise error

    return does


def test_all_are_asked_side_by_side_and_told_in_their_order():
    together = threading.Barrier(3)

    def slow(seconds):
        def does():
            together.wait(5)  # passes only when all three are being asked at once
            time.sleep(seconds)
            return QUOTES

        return does

    sources = [Source("one", slow(0.1)), Source("two", slow(0)), Source("three", slow(0.05))]
    assert list(ask_all(sources)) == ["one", "two", "three"]


def test_one_that_hangs_delays_the_round_no_longer_than_its_time(caplog):
    goes_on = threading.Event()

    def hangs():
        goes_on.wait(30)
        return QUOTES

    began = time.monotonic()
    told = ask_all([Source("one"), Source("stuck", hangs), Source("two")], round_seconds=0.2)
    took = time.monotonic() - began
    goes_on.set()
    assert list(told) == ["one", "two"]
    assert 0.2 <= took < 1
    assert "stuck did not answer within the round" in caplog.text


def test_a_round_ends_when_all_have_answered():
    began = time.monotonic()
    ask_all([Source("one"), Source("two", raising(PriceSourceError("down")))], round_seconds=30)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("error", "logged", "with_traceback"),
    [
        (PriceSourceError("did not answer in time"), "the price source bad did not answer in time", False),
        (KeyError("usd"), "the price source bad failed", True),
        (RecursionError(), "the price source bad failed", True),
    ],
)
def test_one_that_fails_is_left_out_and_logged(caplog, error, logged, with_traceback):
    assert list(ask_all([Source("bad", raising(error)), Source("one")])) == ["one"]
    (record,) = caplog.records
    assert (record.getMessage(), bool(record.exc_info)) == (logged, with_traceback)


def test_one_that_waits_is_left_out_in_silence(caplog):
    with caplog.at_level(logging.DEBUG):
        assert list(ask_all([Source("waits", raising(PriceSourceWaitsError("…"))), Source("one")])) == ["one"]
    assert caplog.records == []


def test_nobody_says_nothing():
    assert ask_all([]) == {}
