"""Which sources the settings name, and when they are loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.config import ConfigurationError
from chalicelib.currencies.sources.directory import NamedSources
from tests.support.settings import make_settings

REPOSITORY = Path(__file__).parents[3]
PUBLIC = ("coingecko", "kraken", "binance", "coinbase")


def test_the_public_sources_by_their_names(clock):
    sources = NamedSources(make_settings(price_sources=PUBLIC, sandbox_seed=None), clock)
    assert [source.name for source in sources] == list(PUBLIC)
    assert (len(sources), sources[0].name, sources[-1].name) == (4, "coingecko", "coinbase")
    assert list(sources[1:]) == list(sources)[1:]
    assert sources[0] is sources[0], "what a source remembers, it remembers for the process's life"


def test_seeded_sources_have_labels(clock):
    sources = NamedSources(make_settings(price_sources=("seeded:first", "seeded", "kraken")), clock)
    assert [source.name for source in sources] == ["first", "seeded", "kraken"]


def test_only_coingecko_gets_the_key(clock):
    settings = make_settings(price_sources=PUBLIC, coingecko_api_key="no key")
    with pytest.raises(ConfigurationError, match="COINGECKO_API_KEY cannot be a key") as refused:
        list(NamedSources(settings, clock))
    assert "no key" not in str(refused.value)
    assert list(NamedSources(make_settings(price_sources=PUBLIC[1:], coingecko_api_key="no key"), clock))


@pytest.mark.parametrize(
    ("names", "changed", "says"),
    [
        (
            ("kraken", "bitstamp"),
            {},
            "bitstamp; known are: coingecko, kraken, binance, coinbase, seeded:<label>",
        ),
        (("kraken", ""), {}, "PRICE_SOURCES names ;"),
        (("kraken", " coinbase"), {}, "names  coinbase"),
        (("kraken@http://127.0.0.1:1", "coinbase"), {}, "PRICE_SOURCES names kraken@"),
        (("kraken", "binance", "kraken"), {}, "names kraken more than once"),
        (("kraken", "seeded:first"), {"sandbox_seed": None}, "seeded prices need SANDBOX_SEED"),
    ],
)
def test_other_names_are_refused_at_once(clock, names, changed, says):
    with pytest.raises(ConfigurationError, match=says):
        NamedSources(make_settings(price_sources=names, **changed), clock)


def test_no_source_is_loaded_before_the_schedule_asks():
    program = """
import sys, app
from chalicelib import assembly
from chalicelib.currencies.sources.directory import NamedSources
from tests.support.settings import make_settings
env = assembly.build(make_settings(price_sources=("coingecko", "kraken", "binance", "coinbase", "seeded")))
print(*(name for name in sys.modules if name.startswith("chalicelib.currencies.sources.")))
list(env.price_sources)
print(*(name for name in sys.modules if name.startswith("chalicelib.currencies.sources.")))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    room = "chalicelib.currencies.sources."
    assert told[0].split() == [f"{room}directory"]
    assert {f"{room}{name}" for name in (*PUBLIC, "seeded", "site")} <= set(told[1].split())
