from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.currencies.sources.seeded import PriceControls, SeededPrices
from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books
from tests.support.aws import Aws
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.world import Nodes, World


class Market:
    """Prices that a test can move or silence."""

    controls = PriceControls()

    def move(self, world: World, symbol: str, usd: str) -> None:
        self.controls = replace(self.controls, usd_prices={**self.controls.usd_prices, symbol: Fraction(usd)})
        world.clock.advance(10)
        refresh_prices(world.env)


@pytest.fixture
def market() -> Market:
    made = Market()
    made.controls = PriceControls(usd_prices={"BTC": Fraction(50_000)})
    return made


@pytest.fixture
def env(aws: Aws, clock: FakeClock, nodes: Nodes, market: Market) -> Environment:
    sources: list[Any] = [SeededPrices(name, 1, clock, lambda: market.controls) for name in ("a", "b")]
    return make_environment(
        aws, clock, make_settings(allow_local_callbacks=True), chains=nodes.adapters, price_sources=sources
    )


def units(amount: str) -> int:
    return int(amount.replace(".", ""))


def test_a_fixed_rate_is_frozen_until_the_expiry(world: World, market: Market) -> None:
    payment = world.create(currency="BTC", amount="500.00")
    assert (payment["amount_crypto"], payment["rate"]) == ("0.01000000", "0.00002")
    market.move(world, "BTC", "25000")
    world.pay(payment, units(payment["amount_crypto"]))
    world.mine("BTC", count=2)
    assert world.status(payment)["status"] == "completed"


def test_late_money_counts_at_the_rate_of_its_moment(world: World, market: Market, tenant: NewTenant) -> None:
    payment = world.create(currency="BTC", amount="500.00", expiry_minutes=5)
    world.sweep(301)
    market.move(world, "BTC", "25000")
    world.pay(payment, units(payment["amount_crypto"]))
    world.mine("BTC", count=3)
    late = world.status(payment)
    assert (late["status"], late["labels"]) == ("partially_completed", ["UNDERPAID", "LATE"])
    assert books(world, tenant, "BTC")["master"] == -990_000


def test_a_floating_payment_is_valued_when_it_is_seen_in_a_block(world: World, market: Market) -> None:
    payment = world.create(currency="BTC", amount="500.00", is_fixed_rate=False)
    market.move(world, "BTC", "25000")
    assert world.status(payment)["amount_crypto"] == "0.02000000"
    world.pay(payment, 1_000_000)
    world.tick("BTC")
    assert world.status(payment)["status"] == "waiting", "a floating deposit counts from its block on"
    world.mine("BTC")
    part = world.status(payment)
    assert (part["status"], part["amount_crypto"]) == ("partially_paid", "0.02000000")
    market.move(world, "BTC", "50000")
    assert world.status(payment)["amount_crypto"] == "0.01500000"
    world.pay(payment, 500_000)
    world.mine("BTC", count=3)
    assert world.status(payment)["status"] == "completed"


def test_a_stale_price_is_refused_and_never_used(world: World, market: Market) -> None:
    market.controls = replace(market.controls, are_all_silent=True)
    world.clock.advance(301)
    refresh_prices(world.env)
    answer = world.client.post("/payments/", {"amount": "100", "currency": "BTC"})
    assert (answer.status, answer.code) == (503, "rates_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    in_coin = world.create(currency="BTC", price_currency="BTC", amount="0.01")
    assert (in_coin["amount_usd"], in_coin["rate"], in_coin["price_amount"]) == (None, "1", "0.01000000")


def test_a_floating_deposit_waits_for_a_fresh_price(world: World, market: Market) -> None:
    payment = world.create(currency="BTC", amount="500.00", is_fixed_rate=False)
    market.controls = replace(market.controls, are_all_silent=True)
    world.clock.advance(301)
    world.pay(payment, 1_000_000)
    world.node.mine("BTC")
    with pytest.raises(AssertionError, match="the worker failed"):
        world.tick("BTC")
    market.controls = replace(market.controls, are_all_silent=False)
    world.sweep(61)
    assert world.status(payment)["status"] == "confirming"
