"""Every figure that is counted, not timed: the same on every machine."""

from collections.abc import Iterator

from benchmarks import (
    audit,
    figures,
    operations,
    quotas,
    schedules,
    sweeping,
    transfers,
    webhooks,
    withdrawal_life,
)
from benchmarks.figures import Figure
from benchmarks.gateway import Gateway, gateway
from benchmarks.life import TOGETHER, live

STEPS = {
    "detected": "deposit_detected",
    "credited": "payment_completed",
    "delivered_completed": "webhook_delivered",
}


def counted() -> list[Figure]:
    """Count all operations, on a gateway of their own; sweeping on another one, where no other money lies."""
    with gateway() as measured:
        counts = list(_counted(measured))
    with gateway() as measured:
        return [*counts, *_swept(measured)]


def _counted(measured: Gateway) -> Iterator[Figure]:
    with quotas.limited(measured):
        yield from operations.token(measured)
    yield from quotas.steady(measured)
    yield from operations.payment_create(measured)
    alone, together = live(measured, 1), live(measured, TOGETHER)
    payment_id = alone.payments[0]["transaction_id"]
    yield from operations.payment_status(measured, payment_id)
    yield from operations.payment_list(measured, payment_id)
    for part, operation in STEPS.items():
        yield figures.written(operation, alone.parts[part])
    yield from together.figures("payment_life")
    yield from alone.figures("payment_life_alone")
    yield from webhooks.webhook("webhook", together)
    yield from webhooks.webhook("webhook_alone", alone)
    yield from webhooks.lists(measured)
    yield live(measured, 1, is_seen_in_mempool=True).sum("payment_life_mempool")
    yield from withdrawal_life.live(measured, 1, "withdrawal_life_alone")
    yield from withdrawal_life.live(measured, TOGETHER, "withdrawal_life")
    yield from schedules.ticks(measured)
    yield from audit.custody_report(measured)
    yield from transfers.write_units(measured)


def _swept(measured: Gateway) -> Iterator[Figure]:
    yield from sweeping.swept(measured, 1, "sweep_alone")
    yield from sweeping.swept(measured, TOGETHER, "sweep")
