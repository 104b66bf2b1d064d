"""Sources that were told that it is too much."""

import logging
from email.utils import formatdate

import pytest

from chalicelib.currencies.prices import PriceSourceWaitsError
from chalicelib.currencies.sources import site
from tests.currencies.sources.market import SOURCES, good


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry_After": "90"}, 90), (418, {"Retry_After": "7200"}, 7_200), (429, {}, 60)],
)
def test_a_source_that_is_told_to_wait_waits_and_says_so_once(
    sources, servers, clock, caplog, name, status, headers, seconds
):
    source, server = sources[name], servers[name]
    server.always({"code": -1003, "msg": "Too much request weight used."}, status, **headers)
    with caplog.at_level(logging.WARNING), pytest.raises(PriceSourceWaitsError):
        source.fetch()
    asked = len(server.asked)
    server.answer = good(name)
    for wait in (0, seconds / 2, seconds / 2 - 1):
        clock.advance(wait)
        with pytest.raises(PriceSourceWaitsError):
            source.fetch()
    assert len(server.asked) == asked
    assert [record.getMessage() for record in caplog.records] == [
        f"the price source {name} wants to be left alone for {seconds} s"
    ]
    clock.advance(1)
    assert "BTC" in source.fetch()


@pytest.mark.parametrize(
    "error", ["EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EService: Throttled: 1790000060"]
)
def test_kraken_limits_with_status_200(sources, servers, clock, error):
    servers["kraken"].always({"error": [error]})
    with pytest.raises(PriceSourceWaitsError):
        sources["kraken"].fetch()
    clock.advance(59)
    with pytest.raises(PriceSourceWaitsError):
        sources["kraken"].fetch()
    assert len(servers["kraken"].asked) == 1
    clock.advance(1)
    servers["kraken"].answer = good("kraken")
    assert sources["kraken"].fetch()


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (formatdate(1_790_000_045, usegmt=True), 45),
        ("999999999999999999999", site.LONGEST_WAIT_SECONDS),
        ("soon", 60),
        ("-5", 60),
        ("", 60),
        ("٣", 60),
        ("Mon, 99 Foo 2026", 60),
    ],
)
def test_retry_after_may_be_a_date_or_nonsense(sources, servers, clock, retry_after, seconds):
    if retry_after.isascii():
        servers["binance"].always(b"", 429, Retry_After=retry_after)
    else:
        servers["binance"].always(b"", 429, Retry_After=retry_after.encode().decode("latin-1"))
    with pytest.raises(PriceSourceWaitsError):
        sources["binance"].fetch()
    servers["binance"].answer = good("binance")
    clock.advance(seconds - 1)
    with pytest.raises(PriceSourceWaitsError):
        sources["binance"].fetch()
    clock.advance(1)
    assert sources["binance"].fetch()


def test_a_later_and_shorter_wait_does_not_end_a_longer_one(servers, clock):
    kraken = site.Site("kraken", servers["kraken"].url, clock)
    kraken.told_to_wait(600)
    kraken.told_to_wait(60)
    clock.advance(599)
    with pytest.raises(PriceSourceWaitsError):
        kraken.get("/", {}, kraken.deadline())
    clock.advance(1)
    assert kraken.get("/", {}, kraken.deadline())


def test_what_coinbase_said_before_it_had_enough_still_counts(sources, servers):
    answer, count = good("coinbase"), iter(range(100))

    def until_the_fifth(path, query):
        said = answer(path, query)
        said.status = 200 if next(count) < 4 else 429
        return said

    servers["coinbase"].answer = until_the_fifth
    assert len(sources["coinbase"].fetch()) == 4
    with pytest.raises(PriceSourceWaitsError):
        sources["coinbase"].fetch()
    assert len(servers["coinbase"].asked) <= 7, "those on their way were the last"
