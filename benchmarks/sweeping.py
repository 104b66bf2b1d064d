"""What it costs to bring deposits home: a token's, whose account is topped up first; writes and calls counted."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from benchmarks.figures import CALLS, UNITS, Figure
from benchmarks.gateway import CHAIN, Gateway
from benchmarks.meter import Cost
from chalicelib.chains.networks import NATIVE_TOKEN_OF
from chalicelib.chains.workers import scan_chain
from chalicelib.currencies.workers import refresh_prices
from chalicelib.storage import keys
from chalicelib.sweeping.records import HoldingRecord
from chalicelib.sweeping.workers import sweep_accounts

CONFIRMATIONS = 19
QUARTER = 900
STOCK_UNITS, PAID_UNITS, ABOVE_CENTS = 10**12, 100_000_000, 5_000
EACH_TICK = "CHAIN"
RUNS = ("topped_up", "swept", "let_go")


def swept(gateway: Gateway, deposits: int, name: str) -> Iterator[Figure]:
    """Bring that many deposits home together, from the first look at them to the last.

    Args:
        gateway: where they lie; its queues are empty.
        deposits: how many.
        name: what the figures are called.

    Raises:
        RuntimeError: something did not come home.
    """
    before = gateway.world.node.hot_wallet_balance(CHAIN, "USDT")
    _pay(gateway, deposits)
    parts: dict[str, Cost] = {}
    for run in RUNS:
        gateway.world.clock.advance(QUARTER)
        refresh_prices(gateway.env)
        _do(gateway, parts, f"{run}.schedule", lambda: _schedule(gateway))
        _do(gateway, parts, f"{run}.payouts", gateway.work_off_payouts)
        for blocks in (1, CONFIRMATIONS - 1):
            _mine(gateway, blocks)
            _do(gateway, parts, f"{run}.payouts", gateway.work_off_payouts)
    home = gateway.world.node.hot_wallet_balance(CHAIN, "USDT") - before
    if home != deposits * PAID_UNITS or list(gateway.env.store.query_all(HoldingRecord, keys.holdings(CHAIN))):
        raise RuntimeError(f"{home} units came home of {deposits} deposits")
    for part, cost in parts.items():
        yield Figure(f"{name}.{part}_write_units", Fraction(_units(cost), deposits), UNITS)
    yield Figure(f"{name}.write_units", Fraction(sum(map(_units, parts.values())), deposits), UNITS)
    yield Figure(f"{name}.calls", Fraction(sum(cost.calls for cost in parts.values()), deposits), CALLS)


def _pay(gateway: Gateway, deposits: int) -> None:
    """Have deposits credited, and all of that told."""
    gateway.world.node.fund_hot_wallet(CHAIN, NATIVE_TOKEN_OF[CHAIN], STOCK_UNITS)
    for _ in range(deposits):
        gateway.world.pay(gateway.create(), PAID_UNITS)
    for blocks in (1, CONFIRMATIONS - 1):
        _mine(gateway, blocks)
        gateway.work_off_deposits()
        gateway.work_off_numbering()
        gateway.work_off_deliveries()
    gateway.work_off_payouts()


def _mine(gateway: Gateway, blocks: int) -> None:
    for _ in range(blocks):
        gateway.world.node.mine(CHAIN)
    scan_chain(gateway.env, CHAIN)


def _schedule(gateway: Gateway) -> None:
    settings = replace(gateway.env.settings, sweep_above_cents=ABOVE_CENTS)
    sweep_accounts(replace(gateway.env, settings=settings, chains={CHAIN: gateway.env.chains[CHAIN]}))


def _do(gateway: Gateway, parts: dict[str, Cost], part: str, act: Callable[[], object]) -> None:
    with gateway.meter.measured() as cost:
        act()
    parts.setdefault(part, Cost([])).made.extend(cost.made)


def _units(cost: Cost) -> int:
    return cost.write_units - cost.write_units_in(EACH_TICK)
