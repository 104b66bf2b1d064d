"""The whole life of a payment: created, paid in full, confirmed, credited, told of twice; every write counted.

Measured three times. One payment alone; ten living together (created, paid in one block, confirmed), the total
divided by ten; and one alone that is seen in the mempool before its block. Ten are nearer to a merchant's day: a
numbering writer puts a batch's events on one page of the log, and a block that pays ten is one record.

What the scanner writes each minute whether there is a payment or not (its cursor and the chain's height) is
counted apart, as ``scanner.tick_write_units``: what stands here of it is what it stores of these payments. Reads
are counted whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import CHAIN, Gateway
from benchmarks.meter import Cost
from chalicelib.chains.scanner import HASHES_KEPT
from chalicelib.chains.workers import scan_chain

TOGETHER = 10
EACH_TICK = "CHAIN"  # the room of cursors and heights
SAMPLE_UNITS = 100_000_000  # what the sample body's payment is due: 100 USDT, in its smallest units


@dataclass(frozen=True, slots=True)
class Life:
    """What the parts of some payments' lives cost.

    Attributes:
        payments: the payments, as they were answered when they were created.
        parts: each part's cost, of all of them together.
        ticks: what each tick of the scanner cost.
    """

    payments: list[dict[str, Any]]
    parts: dict[str, Cost] = field(default_factory=dict)
    ticks: list[Cost] = field(default_factory=list)

    def figures(self, name: str) -> Iterator[Figure]:
        """Return every part, and their sum, for one payment."""
        for part, units in self._write_units.items():
            yield Figure(f"{name}.{part}", units / len(self.payments), UNITS)
        yield self.sum(name)
        read = sum((cost.read_units for cost in [*self.parts.values(), *self.ticks]), Fraction(0))
        yield Figure(f"{name}.read_units", read / len(self.payments), UNITS)

    def sum(self, name: str) -> Figure:
        """Return the write units of one payment's life."""
        units = sum(self._write_units.values(), Fraction(0))
        return Figure(f"{name}.write_units", units / len(self.payments), UNITS)

    @property
    def _write_units(self) -> dict[str, Fraction]:
        stored = sum(tick.write_units - tick.write_units_in(EACH_TICK) for tick in self.ticks)
        parts = {part: Fraction(cost.write_units) for part, cost in self.parts.items()}
        return {**parts, "scanner": Fraction(stored)}


def live(gateway: Gateway, payments: int, *, is_seen_in_mempool: bool = False) -> Life:
    """Live that many payments together, from their creation to the last webhook.

    Args:
        gateway: where they live; its queues are empty.
        payments: how many.
        is_seen_in_mempool: whether the scanner comes by before the block that pays them.

    Raises:
        RuntimeError: one of them did not end completed, or was not told of twice.
    """
    gateway.receiver.got.clear()
    life = Life([])
    _do(gateway, life, "create", lambda: life.payments.extend(gateway.create() for _ in range(payments)))
    for payment in life.payments:
        gateway.world.pay(payment, SAMPLE_UNITS)
    if is_seen_in_mempool:
        _tick(gateway, life)
        _do(gateway, life, "detected_in_mempool", gateway.work_off_deposits)
    _mine(gateway)
    _tick(gateway, life)
    _do(gateway, life, "detected", gateway.work_off_deposits)
    _tell(gateway, life, "confirming")
    _mine(gateway, life.payments[0]["required_confirmations"] - 1)
    _tick(gateway, life)
    _do(gateway, life, "credited", gateway.work_off_deposits)
    _tell(gateway, life, "completed")
    _check(gateway, life)
    return life


def empty_tick(gateway: Gateway) -> Cost:
    """Return what a tick costs when its new block has nothing for us, on a chain that has been read for long."""
    _mine(gateway, HASHES_KEPT)
    scan_chain(gateway.env, CHAIN)
    _mine(gateway)
    with gateway.meter.measured() as tick:
        scan_chain(gateway.env, CHAIN)
    return tick


def _tick(gateway: Gateway, life: Life) -> None:
    with gateway.meter.measured() as tick:
        scan_chain(gateway.env, CHAIN)
    life.ticks.append(tick)


def _tell(gateway: Gateway, life: Life, status: str) -> None:
    _do(gateway, life, f"numbered_{status}", gateway.work_off_numbering)
    _do(gateway, life, f"delivered_{status}", gateway.work_off_deliveries)


def _do(gateway: Gateway, life: Life, part: str, act: Callable[[], object]) -> None:
    with gateway.meter.measured() as cost:
        act()
    life.parts[part] = cost


def _mine(gateway: Gateway, blocks: int = 1) -> None:
    for _ in range(blocks):
        gateway.world.node.mine(CHAIN)


def _check(gateway: Gateway, life: Life) -> None:
    statuses = {gateway.world.status(payment)["status"] for payment in life.payments}
    if statuses != {"completed"} or len(gateway.receiver.got) != 2 * len(life.payments):
        raise RuntimeError(f"ended {statuses} after {len(gateway.receiver.got)} webhooks")
