"""The fee table: what chains ask, at this minute's prices, in each currency."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout
from chalicelib.currencies import service as currencies
from chalicelib.currencies.prices import PriceBoard
from chalicelib.currencies.records import PriceBoardRecord
from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.errors import RatesUnavailableError
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put
from chalicelib.withdrawals import fees


class Chain:
    """A chain that says what a payout costs, in its native coin's smallest units; None: it is away."""

    def __init__(self, units: int | None) -> None:
        self.units = units
        self.asked: list[Payout] = []

    def estimate(self, payout: Payout) -> Fee:
        self.asked.append(payout)
        if self.units is None:
            raise ChainUnavailableError("away")
        return Fee("?", self.units)


@pytest.fixture
def chains() -> dict[str, Any]:
    return {
        "TRX": Chain(13_000_000),
        "ETH": Chain(2 * 10**15),
        "ARB": Chain(10**13),
        "BSC": Chain(10**15),
        "MATIC": Chain(10**16),
        "BTC": Chain(1_500),
        "LTC": Chain(20_000),
    }


@pytest.fixture
def env(another_process: Callable[..., Environment], chains: dict[str, Any]) -> Environment:
    made = another_process(chains=chains)
    refresh_prices(made)
    return made


def fee(env: Environment, code: str) -> int:
    return fees.network_fee_units(env, env.catalogue.by_code(code))


def test_before_any_refresh_the_catalogue_says(env: Environment) -> None:
    assert fee(env, "USDTTRC20") == env.catalogue.by_code("USDTTRC20").network_fee_units


def test_a_native_coin_is_charged_what_its_chain_asks(env: Environment) -> None:
    fees.refresh_fees(env)
    assert (fee(env, "TRX"), fee(env, "ETH"), fee(env, "BTC")) == (13_000_000, 2 * 10**15, 1_500)


def test_a_token_is_charged_the_same_in_its_own_worth_rounded_up(env: Environment) -> None:

    fees.refresh_fees(env)
    exact = 13 * currencies.rate(env, "TRX", "USDTTRC20", is_fixed=False) * 10**6
    assert exact <= fee(env, "USDTTRC20") < exact + 1
    # Ether's price counts on Arbitrum too; DAI has 18 decimals, of which the API shows 8.
    exact = Fraction(2, 1000) * currencies.rate(env, "ETH", "DAIERC20", is_fixed=False) * 10**18
    assert exact <= fee(env, "DAIERC20") < exact + 10**10
    assert fee(env, "DAIERC20") % 10**10 == 0
    assert fee(env, "USDTARB") > 0


def test_gas_coins_that_are_no_currency_have_a_price_too(env: Environment) -> None:
    fees.refresh_fees(env)
    board, now = currencies.board(env), env.clock.now()
    exact = Fraction(1, 1000) * board.symbol_rate("BNB", "USDT", now, is_fixed=False) * 10**18
    assert exact <= fee(env, "USDTBSC") < exact + 10**10
    exact = Fraction(1, 100) * board.symbol_rate("POL", "USDT", now, is_fixed=False) * 10**6
    assert exact <= fee(env, "USDTPOLYGON") < exact + 1


def test_a_coin_without_a_price_leaves_it_to_the_catalogue(env: Environment, chains: dict[str, Any]) -> None:
    known = currencies.stored_board(env).prices
    without = {symbol: quote for symbol, quote in known.items() if symbol not in {"BNB", "POL"}}
    pk, sk = keys.price_board()
    env.store.commit(put(PriceBoardRecord(pk=pk, sk=sk, prices=PriceBoard(without).to_json())))
    fees.refresh_fees(env)
    for code in ("USDTBSC", "USDTPOLYGON"):
        assert fee(env, code) == env.catalogue.by_code(code).network_fee_units
    assert chains["BSC"].asked == []
    assert fee(env, "TRX") == 13_000_000


def test_a_chain_that_is_away_keeps_its_last_fee_and_others_go_on(
    env: Environment, chains: dict[str, Any]
) -> None:
    fees.refresh_fees(env)
    known = fee(env, "USDTTRC20")
    chains["TRX"].units, chains["BTC"].units = None, 1_600
    fees.refresh_fees(env)
    assert (fee(env, "USDTTRC20"), fee(env, "BTC")) == (known, 1_600)


def test_stale_prices_keep_what_was_known(env: Environment, clock: Any) -> None:
    fees.refresh_fees(env)
    known = fee(env, "USDTTRC20")
    clock.advance(3600)
    fees.refresh_fees(env)
    assert fee(env, "USDTTRC20") == known
    clock.advance(1)
    with pytest.raises(RatesUnavailableError):  # an hour is long enough: nothing is charged on an older one
        fee(env, "USDTTRC20")


def test_a_chain_that_is_not_configured_is_left_to_the_catalogue(env: Environment) -> None:
    alone = replace(env, chains={}, _kept={})
    fees.refresh_fees(alone)
    assert fee(alone, "BTC") == env.catalogue.by_code("BTC").network_fee_units


def test_the_table_is_kept_for_a_few_seconds(
    env: Environment,
    another_process: Callable[..., Environment],
    chains: dict[str, Any],
    clock: Any,
) -> None:
    fees.refresh_fees(env)
    other = another_process(chains=chains)
    assert fee(other, "BTC") == 1_500
    chains["BTC"].units = 1_700
    fees.refresh_fees(env)
    assert (fee(env, "BTC"), fee(other, "BTC")) == (1_700, 1_500)
    clock.advance(fees.TABLE_KEPT_SECONDS)
    assert fee(other, "BTC") == 1_700
