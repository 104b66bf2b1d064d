"""The key of CoinGecko: paced, and never repeated."""

import pytest

from chalicelib.config import ConfigurationError
from chalicelib.currencies.prices import PriceSourceError
from chalicelib.currencies.sources import coingecko
from chalicelib.currencies.sources.coingecko import CoinGecko
from tests.currencies.sources.market import good


@pytest.mark.parametrize(
    "key", ["", "short", "CG-secret1234\r\nX: y", "CG-secret 1234", "CG-sécret1234", "x" * 101]
)
def test_what_cannot_be_a_key_is_refused_without_being_repeated(clock, key):
    with pytest.raises(ConfigurationError) as refused:
        CoinGecko(clock, key)
    assert "secret" not in str(refused.value)


def test_the_key_is_in_no_error_and_no_log(servers, clock, caplog):
    server = servers["coingecko"]
    for status in (401, 429, 500):
        server.always({"status": {"error_message": "bad key CG-secret1234"}}, status)
        source = CoinGecko(clock, "CG-secret1234", server.url)
        with pytest.raises(PriceSourceError) as failed:
            source.fetch()
        assert "CG-secret1234" not in str(failed.value)
    assert "CG-secret1234" not in caplog.text


def test_a_key_of_coingecko_goes_into_a_header_and_slows_the_asking_down(servers, clock):
    server = servers["coingecko"]
    source = CoinGecko(clock, "CG-abcdefgh12345678", server.url)
    first = source.fetch()
    assert server.headers[0]["x-cg-demo-api-key"] == "CG-abcdefgh12345678"
    for _ in range(4):
        clock.advance(60)
        assert source.fetch() == first
    assert len(server.asked) == 1
    clock.advance(60)
    source.fetch()
    assert len(server.asked) == 2
    assert 31 * 86_400 / coingecko.PACE_WITH_KEY_SECONDS <= 10_000, "what a free key allows in a month"


def test_without_a_key_each_fetch_asks_and_sends_none(sources, servers):
    for _ in range(2):
        sources["coingecko"].fetch()
    assert len(servers["coingecko"].asked) == 2
    assert "x-cg-demo-api-key" not in servers["coingecko"].headers[0]


def test_with_a_key_a_failed_request_is_paced_too(servers, clock):
    servers["coingecko"].always(b"", 500)
    source = CoinGecko(clock, "CG-abcdefgh12345678", servers["coingecko"].url)
    with pytest.raises(PriceSourceError):
        source.fetch()
    servers["coingecko"].answer = good("coingecko")
    clock.advance(269)
    assert source.fetch() == {}
    clock.advance(1)
    assert source.fetch()
