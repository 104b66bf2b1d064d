"""Moves of our own money are no loss, at any moment; what they leave behind for gas still counts."""

from random import Random

from chalicelib.audit import custody
from chalicelib.audit.report import Row
from chalicelib.currencies.workers import refresh_prices
from chalicelib.sweeping.workers import sweep_accounts
from tests.support.world import World
from tests.sweeping.conftest import env, nodes, receiver, sweeping, tenant, world
from tests.sweeping.steps_of_sweeping import DEEP, PAID, QUARTER, TOKEN_FEE, holdings, paid, stand

__all__ = ["env", "nodes", "receiver", "sweeping", "tenant", "world"]

STOCK = 10**12


def rows(world: World, chain: str = "TRX") -> dict[str, Row]:
    report = custody.compare(world.env, Random(1))
    (found,) = [one for one in report.chains if one.blockchain == chain]
    assert found.unchecked is None
    return {row.token: row for row in found.rows}


def test_a_token_comes_home_by_a_top_up_and_nothing_is_ever_missing(sweeping: World) -> None:
    paid(sweeping)
    assert rows(sweeping)["USDT"].difference_units == 0
    for wanted in (["top-up"], ["top-up", "sweep"], ["top-up", "sweep"]):
        sweeping.clock.advance(QUARTER)
        refresh_prices(sweeping.env)
        sweep_accounts(sweeping.env)
        sweeping.settle()
        assert [purpose for purpose, _ in stand(sweeping.env)] == wanted
        for count in (0, 1, DEEP - 1):
            sweeping.mine(count=count)
            seen = rows(sweeping)
            assert (seen["USDT"].custody_units, seen["USDT"].difference_units) == (PAID, 0), (wanted, count)
            assert seen["TRX"].difference_units == STOCK, (wanted, count)
    assert holdings(sweeping.env) == []


def test_the_gas_coin_that_a_sweep_leaves_behind_still_counts(sweeping: World) -> None:
    payment = paid(sweeping, currency="TRX", amount="1000", price_currency="TRX", units=10**9)
    for _ in range(2):
        sweeping.clock.advance(QUARTER)
        refresh_prices(sweeping.env)
        sweep_accounts(sweeping.env)
        sweeping.settle()
        sweeping.mine(count=DEEP)
    assert holdings(sweeping.env) == []
    left = sweeping.node.balance("TRX", payment["address"], "TRX")
    assert 0 < left < TOKEN_FEE
    assert rows(sweeping)["TRX"].difference_units == STOCK
    sweeping.node._chains["TRX"].book(payment["address"], "TRX", -left)
    assert rows(sweeping)["TRX"].difference_units == STOCK - left
