"""What a custody report reads, by what there is: merchants, their rows, and blocks with something of theirs."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from benchmarks.figures import CALLS, UNITS, Figure
from benchmarks.gateway import Gateway
from benchmarks.meter import Cost
from chalicelib.audit import custody

MERCHANTS = 20


def custody_report(gateway: Gateway) -> Iterator[Figure]:
    """Count a report on a gateway that has lived, and what each further merchant without money adds to it."""
    lived = _counted(gateway)
    for _ in range(MERCHANTS):
        gateway.another_tenant()
    grown = _counted(gateway)
    yield Figure("audit_custody.calls", Fraction(lived.calls), CALLS)
    yield Figure("audit_custody.read_units", lived.read_units, UNITS)
    yield Figure("audit_custody_merchant.calls", Fraction(grown.calls - lived.calls, MERCHANTS), CALLS)
    added = (Fraction(grown.read_units) - Fraction(lived.read_units)) / MERCHANTS
    yield Figure("audit_custody_merchant.read_units", added, UNITS)


def _counted(gateway: Gateway) -> Cost:
    custody.compare(gateway.env, Random(1))  # noqa: S311 -- a sample; notes what it reads
    with gateway.meter.measured() as cost:
        custody.compare(gateway.env, Random(1))  # noqa: S311 -- the same
    return cost
