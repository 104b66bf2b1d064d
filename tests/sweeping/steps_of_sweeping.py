"""What tests of sweeping do and look at."""

from typing import Any

from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.sweeping.records import HoldingRecord
from chalicelib.sweeping.workers import sweep_accounts
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.support.world import World

PAID = 100_000_000
QUARTER = 900
DEEP = 19
TOP_UP_FEE, TOKEN_FEE = 1_000_000, 14_000_000


def paid(world: World, units: int = PAID, **fields: Any) -> dict[str, Any]:
    """Return a payment that was paid; it is deep on TRX."""
    payment = world.create(**fields)
    world.pay(payment, units)
    blocks(world, payment["blockchain"], DEEP)
    return payment


def blocks(world: World, chain: str = "TRX", count: int = DEEP) -> None:
    """Mine blocks that are read together."""
    for _ in range(count):
        world.node.mine(chain)
    world.tick(chain)


def quarter(world: World, chain: str = "TRX", count: int = DEEP) -> None:
    """Let a quarter of an hour pass: the schedule runs, then blocks are mined and dealt with."""
    world.clock.advance(QUARTER)
    refresh_prices(world.env)
    sweep_accounts(world.env)
    world.settle()
    blocks(world, chain, count)


def holdings(env: Environment, chain: str = "TRX") -> list[HoldingRecord]:
    return list(env.store.query_all(HoldingRecord, keys.holdings(chain)))


def moves(env: Environment) -> list[WithdrawalRecord]:
    """Return all moves ever made, oldest first."""
    return list(env.store.query_all(WithdrawalRecord, keys.withdrawals(keys.PLATFORM)))


def stand(env: Environment) -> list[tuple[str | None, str]]:
    return [(one.purpose, one.status) for one in moves(env)]


def lies(world: World, payment: dict[str, Any], token: str) -> int:
    """Return what lies at a payment's address."""
    return world.node.balance(payment["blockchain"], payment["address"], token)


def gas_books(world: World, code: str) -> dict[str, int]:
    """Return the platform's own accounts in a native coin."""
    from chalicelib.ledger.service import trial_balances  # noqa: PLC0415

    trial = trial_balances(world.env, keys.PLATFORM)
    assert all(sum(row.balance_units for row in rows) == 0 for rows in trial.values())
    assert set(trial) <= {code}
    return {row.account: row.balance_units for row in trial.get(code, ())}
