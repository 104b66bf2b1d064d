"""What limiting requests costs; all other figures are without: their callers ask more than a quota allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

from benchmarks import figures
from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import Gateway, expect
from chalicelib import environment

REQUESTS = 200
A_SECOND = 10


@contextmanager
def limited(gateway: Gateway) -> Iterator[None]:
    """Limit requests, as every deployed stage does."""
    settings = replace(gateway.env.settings, rate_limits=True)
    env = replace(gateway.env, settings=settings, _kept={})
    environment.provide(lambda: env)
    try:
        yield
    finally:
        environment.provide(lambda: gateway.env)


def steady(gateway: Gateway) -> Iterator[Figure]:
    """A caller at the quota, ten requests a second: what each of them costs beside its own work, which is none."""
    with limited(gateway):
        expect(gateway.client.get("/currencies/"), 200)  # the process is warm from here on
        begun = gateway.world.clock.time
        with gateway.meter.measured() as cost:
            for _ in range(REQUESTS):
                gateway.world.clock.advance(1 / A_SECOND)
                expect(gateway.client.get("/currencies/"), 200)
        gateway.world.clock.time = begun
    yield Figure("rate_limit.write_units", Fraction(cost.write_units, REQUESTS), UNITS)
    yield figures.calls("rate_limit_200_requests", cost)
