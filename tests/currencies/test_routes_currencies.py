"""``GET /currencies/`` with all its flags."""

from dataclasses import replace

import pytest

from chalicelib import environment
from chalicelib.currencies.catalogue import Catalogue, load_catalogue
from chalicelib.currencies.catalogue_file import CatalogueEntries
from chalicelib.currencies.workers import refresh_prices
from tests.support.client import ApiClient

SIMPLE = {"full": "0", "min_max": "false", "include_usd": "FALSE", "withdrawal": "False"}


def asked(client: ApiClient, **flags: object) -> list:
    answer = client.get("/currencies/", query={name: str(value) for name, value in flags.items()})
    assert answer.status == 200, answer.text
    assert set(answer.json) == {"currencies"}
    return answer.json["currencies"]


def row(rows: list[dict], code: str) -> dict:
    return next(row for row in rows if row["currency"] == code)


def test_simple_is_a_list_of_codes(client):
    codes = asked(client)
    assert codes == [currency.code for currency in load_catalogue().all() if currency.deposit_enabled]
    assert {"USDTTRC20", "USDTARB", "BTC", "ETH"} <= set(codes)
    assert asked(client, **SIMPLE) == codes


def test_full_shows_the_details_in_lower_case_and_no_limits(client):
    assert row(asked(client, full=1), "USDTTRC20") == {
        "currency": "USDTTRC20",
        "name": "Tether USD",
        "token": "usdt",
        "blockchain": "trx",
        "is_popular": True,
        "is_stable": True,
    }


def test_full_with_limits_and_dollars_is_the_documented_sample(client, env):
    refresh_prices(env)
    rows = asked(client, full=True, min_max=True, include_usd=True)
    assert row(rows, "USDTTRC20") == {
        "currency": "USDTTRC20",
        "name": "Tether USD",
        "token": "usdt",
        "blockchain": "trx",
        "is_popular": True,
        "is_stable": True,
        "min_amount": "10.00000000",
        "max_amount": "100000.00000000",
        "min_amount_usd": "10.00",
        "max_amount_usd": "100000.00",
    }
    assert row(rows, "ETH")["min_amount"] == "0.00100000"


def test_limits_without_details(client, env):
    limits = {"currency": "USDTTRC20", "min_amount": "10.00000000", "max_amount": "100000.00000000"}
    assert row(asked(client, min_max="TRUE"), "USDTTRC20") == limits
    refresh_prices(env)
    with_usd = row(asked(client, min_max=1, include_usd=1), "USDTTRC20")
    assert with_usd == {**limits, "min_amount_usd": "10.00", "max_amount_usd": "100000.00"}


def test_withdrawal_shows_the_limits_of_withdrawals(client):
    assert row(asked(client, withdrawal=1, min_max=1), "USDTTRC20")["min_amount"] == "5.00000000"
    assert "USDTTRC20" in asked(client, withdrawal=1)


def test_only_what_is_switched_on_is_listed(client, another_process):
    entries = load_catalogue()._entries
    off = {"BTC": {"deposit_enabled": False}, "ETH": {"withdrawal_enabled": False}}
    currencies = tuple(replace(currency, **off.get(currency.code, {})) for currency in entries.currencies)
    catalogue = Catalogue(CatalogueEntries(entries.fiats, entries.tokens, currencies))
    environment.provide(lambda: another_process(catalogue=catalogue))
    deposits, withdrawals = asked(client), asked(client, withdrawal=1)
    assert ("BTC" in deposits, "ETH" in deposits) == (False, True)
    assert ("BTC" in withdrawals, "ETH" in withdrawals) == (True, False)
    assert {row["currency"] for row in asked(client, full=1)} == set(deposits)


@pytest.mark.parametrize("flags", [{}, {"full": "1"}, {"min_max": "0"}])
def test_dollars_without_limits_are_refused(client, flags):
    answer = client.get("/currencies/", query={"include_usd": "1", **flags})
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert list(answer.json["error"]["details"]) == ["include_usd"]


@pytest.mark.parametrize("flag", ["full", "min_max", "include_usd", "withdrawal"])
def test_a_flag_is_a_boolean(client, flag):
    answer = client.get("/currencies/", query={flag: "yes"})
    assert (answer.status, list(answer.json["error"]["details"])) == (400, [flag])


def test_no_dollars_from_an_old_price(client, env, clock):
    refresh_prices(env)
    clock.advance(301)
    answer = client.get("/currencies/", query={"min_max": "1", "include_usd": "1"})
    assert (answer.status, answer.code) == (503, "rates_unavailable")
    assert asked(client, min_max=1), "without dollars no price is needed"
