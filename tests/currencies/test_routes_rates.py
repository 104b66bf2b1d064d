"""``GET /rates/`` in all its modes, in the digits that go over the wire."""

import json
import re
from decimal import Decimal
from fractions import Fraction

import pytest

from chalicelib import environment
from chalicelib.currencies.sources.seeded import PriceControls, SeededPrices
from chalicelib.currencies.workers import refresh_prices
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord
from tests.support.client import Answer, ApiClient

PRICES = {"USDT": Fraction("1.001"), "BTC": Fraction(50_000), "ETH": Fraction(2_500), "TRX": Fraction("0.25")}


@pytest.fixture
def priced(another_process, clock):
    """A process whose sources say PRICES; they have just been asked."""
    controls = PriceControls(usd_prices=PRICES)
    sources = [SeededPrices(name, 1, clock, lambda: controls) for name in ("first", "second")]
    env = another_process(price_sources=sources)
    refresh_prices(env)
    environment.provide(lambda: env)
    return env


def asked(client: ApiClient, **query: str) -> dict:
    answer = client.get("/rates/", query=query)
    assert answer.status == 200, answer.text
    assert "e" not in re.sub(r'"[^"]*"', "", answer.text.lower()).replace("true", "").replace("false", "")
    return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)


def refused(answer: Answer) -> list[str]:
    assert (answer.status, answer.code) == (400, "invalid_request"), answer.text
    return list(answer.json["error"]["details"])


def test_simple(client, priced):
    answer = client.get("/rates/", query={"currency_from": "USD", "currency_to": "USDTTRC20", "amount": "100.0"})
    assert answer.text == (
        '{"currency_from":"USD","currency_to":"USDTTRC20","amount":100.0,'
        '"estimated_amount":99.9000999,"rate":0.999000999001}'
    )


def test_the_defaults_are_one_dollar(client, priced):
    assert asked(client, currency_to="BTC") == {
        "currency_from": "USD",
        "currency_to": "BTC",
        "amount": Decimal("1.0"),
        "estimated_amount": Decimal("0.00002"),
        "rate": Decimal("0.00002"),
    }


@pytest.mark.parametrize(
    ("source", "target", "amount", "estimated"),
    [
        ("BTC", "ETH", "0.00000001", "0.0000002"),
        ("ETH", "BTC", "1", "0.05"),
        ("eth", "usd", "0.0001", "0.25"),
        ("USDTTRC20", "USDTARB", "3.5", "3.5"),
        ("TRX", "EUR", "100", "23.14814814"),
        ("EUR", "USD", "100", "108.0"),
        ("BTC", "BTC", "2", "2.0"),
    ],
)
def test_crypto_and_fiat_either_way(client, priced, source, target, amount, estimated):
    answer = asked(client, currency_from=source, currency_to=target, amount=amount)
    assert (answer["currency_from"], answer["currency_to"]) == (source.upper(), target.upper())
    assert (answer["amount"], answer["estimated_amount"]) == (Decimal(amount), Decimal(estimated))


def test_full_takes_the_tenants_fee_off(client, priced):
    answer = asked(client, currency_from="ETH", currency_to="BTC", amount="100", full="true")
    assert answer == {
        "currency_from": "ETH",
        "currency_to": "BTC",
        "amount": Decimal(100),
        "estimated_amount": Decimal("4.95"),
        "rate": Decimal("0.05"),
        "fee_percentage": Decimal("1.0"),
        "fee_amount": Decimal("0.05"),
        "timestamp": "2026-09-21T14:13:20Z",
    }


def test_a_customer_who_pays_the_fee_leaves_the_amount_whole(client, priced):
    asking = {"currency_from": "ETH", "currency_to": "BTC", "amount": "100", "full": "1"}
    answer = asked(client, **asking, is_fee_paid_by_user="True")
    assert (answer["estimated_amount"], answer["fee_amount"]) == (Decimal(5), Decimal("0.05"))


def test_the_tenants_own_setting_counts_unless_the_request_says_otherwise(client, priced, tenant):
    service.change(priced, tenant.tenant_id, TenantRecord.is_fee_paid_by_user.set(True))
    asking = {"currency_from": "ETH", "currency_to": "BTC", "amount": "100", "full": "1"}
    assert asked(client, **asking)["estimated_amount"] == Decimal(5)
    assert asked(client, **asking, is_fee_paid_by_user="0")["estimated_amount"] == Decimal("4.95")


@pytest.mark.parametrize(
    ("percentage", "net", "fee"),
    [("2.5", "4.875", "0.125"), ("0", "5.0", "0.0"), ("100", "0.0", "5.0"), ("100.0000", "0.0", "5.0")],
)
def test_a_fee_of_ones_own(client, priced, percentage, net, fee):
    asking = {"currency_from": "ETH", "currency_to": "BTC", "amount": "100"}
    answer = asked(client, **asking, fee_percentage=percentage)
    assert (answer["estimated_amount"], answer["fee_amount"]) == (Decimal(net), Decimal(fee))
    assert answer["fee_percentage"] == Decimal(percentage)


@pytest.mark.parametrize("percentage", ["-1", "100.00000001", "101", "1e1", "x", "", "NaN", "1,5"])
def test_a_fee_is_a_percentage(client, priced, percentage):
    assert refused(client.get("/rates/", query={"currency_to": "BTC", "fee_percentage": percentage})) == [
        "fee_percentage"
    ]


@pytest.mark.parametrize(
    ("amount", "source"),
    [
        ("-1", "BTC"),
        ("1e2", "BTC"),
        ("0.000000001", "BTC"),
        ("1.001", "USD"),
        ("0.0000001", "USDTTRC20"),
        ("", "BTC"),
        ("NaN", "BTC"),
        ("1" * 40, "BTC"),
        ("+1", "BTC"),
        ("١", "BTC"),
    ],
)
def test_an_amount_is_a_plain_decimal(client, priced, amount, source):
    query = {"currency_from": source, "currency_to": "ETH", "amount": amount}
    assert refused(client.get("/rates/", query=query)) == ["amount"]


def test_a_large_amount_loses_no_digit(client, priced):
    amount = "123456789012345678901.12345678"
    answer = asked(client, currency_from="BTC", currency_to="BTC", amount=amount)
    assert answer["estimated_amount"] == answer["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"currency_to": "XYZ"}, "currency_to"),
        ({"currency_to": "USDT"}, "currency_to"),
        ({"currency_to": "BTC", "currency_from": "JPY"}, "currency_from"),
    ],
)
def test_an_unknown_currency_is_named(client, priced, query, field):
    answer = client.get("/rates/", query=query)
    assert (answer.status, answer.code) == (400, "invalid_currency")
    assert list(answer.json["error"]["details"]) == [field]


def test_the_target_is_required(client, priced):
    assert refused(client.get("/rates/")) == ["currency_to"]


def test_a_stale_price_is_refused_and_never_quoted(client, priced, clock):
    clock.advance(300)
    assert client.get("/rates/", query={"currency_to": "BTC"}).status == 200
    clock.advance(1)
    answer = client.get("/rates/", query={"currency_to": "BTC"})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "rates_unavailable", "30")


def test_without_any_price_there_is_none(client):
    assert client.get("/rates/", query={"currency_to": "BTC"}).code == "rates_unavailable"
    assert client.get("/rates/", query={"currency_to": "USD"}).json["rate"] == 1


def test_a_stablecoin_off_its_peg_is_not_promised(client, another_process, clock):
    controls = PriceControls(usd_prices={"USDT": Fraction("0.97")})
    sources = [SeededPrices(name, 1, clock, lambda: controls) for name in ("first", "second")]
    env = another_process(price_sources=sources)
    refresh_prices(env)
    environment.provide(lambda: env)
    assert client.get("/rates/", query={"currency_to": "USDTTRC20"}).code == "rates_unavailable"
    assert client.get("/rates/", query={"currency_to": "BTC"}).status == 200
