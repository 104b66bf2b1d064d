"""What the schedules write each minute, payments or none: for each chain, or for the whole system."""

from collections.abc import Iterator
from fractions import Fraction

from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import Gateway
from benchmarks.life import empty_tick
from chalicelib.currencies.workers import refresh_prices
from chalicelib.payments import workers as payment_workers
from chalicelib.webhooks import workers as webhook_workers

MINUTE = 60


def ticks(gateway: Gateway) -> Iterator[Figure]:
    """Count the minute's schedules when there is nothing left to do, the scanner's for one chain."""
    _sweep(gateway)  # does what is left to do
    gateway.world.clock.advance(MINUTE)
    with gateway.meter.measured() as sweeps:
        _sweep(gateway)
    with gateway.meter.measured() as prices:
        refresh_prices(gateway.env)
    for name, cost in (("scanner", empty_tick(gateway)), ("sweeps", sweeps), ("prices", prices)):
        yield Figure(f"{name}.tick_write_units", Fraction(cost.write_units), UNITS)


def _sweep(gateway: Gateway) -> None:
    payment_workers.expire_payments(gateway.env)
    payment_workers.sweep_deposits(gateway.env)
    webhook_workers.sweep_outbox(gateway.env)
    webhook_workers.sweep_retries(gateway.env)
