"""Every operation, broken at every call that it makes to AWS, comes to the same end."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from chalicelib.tenants.service import NewTenant
from tests.faults import (
    api_operations,
    payment_operations,
    sweeping_operations,
    webhook_operations,
    withdrawal_operations,
)
from tests.faults.crash_points import Count, CrashPoints
from tests.faults.gateway import Gateway
from tests.faults.injection import DEMANDED, Fault, Faults
from tests.faults.operation import Operation

Prepare = Callable[..., Operation]


def _operations(*modules: ModuleType) -> dict[str, Prepare]:
    """Every function of these modules that prepares an operation."""
    return {
        name: function
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation is Operation
    }


def create_payment_with_key(gateway: Gateway) -> Operation:
    return api_operations.create_payment(gateway, {"Idempotency-Key": "a key"})


OPERATIONS = _operations(
    api_operations, payment_operations, webhook_operations, withdrawal_operations, sweeping_operations
) | {"create_payment_with_key": create_payment_with_key}


WAITING, CONFIRMING, COMPLETED = ("waiting",), ("confirming",), ("completed",)
FAILED, EXPIRED, UNDERPAID = ("failed",), ("expired",), ("partially_completed", "UNDERPAID")
TAKEN_BACK, REVERSED = ("waiting", "REORGED"), ("completed", "REORGED", "REVERSED")
MOVED = ("completed", "REORGED")

# How the payments of an operation end; the operations that are not here have none.
END_OF = {
    "create_payment_with_key": WAITING,
    "scan_sees_mempool": CONFIRMING,
    "scan_sees_block": CONFIRMING,
    "scan_sees_double_spend": FAILED,
    "scan_finds_it_deep": COMPLETED,
    "worker_admits": CONFIRMING,
    "worker_admits_from_mempool": CONFIRMING,
    "worker_loses_double_spent": FAILED,
    "worker_admits_several": ("confirming", "OVERPAID", "MULTIPLE"),
    "worker_credits": COMPLETED,
    "worker_admits_and_credits": COMPLETED,
    "scan_sees_reorg": TAKEN_BACK,
    "scan_sees_reorg_of_credited": REVERSED,
    "scan_sees_credited_moved": MOVED,
    "scan_sees_new_deposit_below": REVERSED,
    "worker_orphans": TAKEN_BACK,
    "worker_reverses": REVERSED,
    "worker_reverses_what_is_held": REVERSED,
    "one_expires": EXPIRED,
    "under_paid_expires": UNDERPAID,
    "sweep_tells_of_deposit": CONFIRMING,
    "sweep_tells_of_mempool": CONFIRMING,
    "sweep_tells_of_credit": COMPLETED,
    "sweep_tells_of_event": COMPLETED,
    "sweep_tells_of_reorg": REVERSED,
    "sweep_moves_on": COMPLETED,
    "writer_numbers_event": CONFIRMING,
    "writer_numbers_event_and_row": COMPLETED,
    "writers_number_side_by_side": CONFIRMING,
    "sender_succeeds": CONFIRMING,
    "sender_fails_for_seconds": CONFIRMING,
    "sender_fails_for_minutes": CONFIRMING,
    "sender_hears_gone": CONFIRMING,
    "sweep_delivers_again": CONFIRMING,
    "sweep_tells_of_expiry": EXPIRED,
    "sweep_tells_of_unsent": EXPIRED,
    "sweep_forgets_what_is_told": EXPIRED,
    "unsent_event_is_overtaken": COMPLETED,
    "asks_for_resend": CONFIRMING,
    "asks_for_range": CONFIRMING,
    "sweep_opens_a_top_up": COMPLETED,
    "sweep_opens_a_sweep": COMPLETED,
    "sweep_lets_go_of_what_is_home": COMPLETED,
    "sweep_takes_back_what_was_never_signed": COMPLETED,
    "worker_signs_a_sweep": COMPLETED,
    "worker_completes_a_sweep": COMPLETED,
    "scan_sees_a_top_up": COMPLETED,
}


@pytest.fixture(scope="module")
def total() -> Count:
    return Count()


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_comes_to_the_same_end(
    name: str, gateway: Gateway, tenant: NewTenant, faults: Faults, total: Count
) -> None:
    prepare = OPERATIONS[name]
    given: dict[str, Any] = {"tenant": tenant} if "tenant" in inspect.signature(prepare).parameters else {}
    points = CrashPoints(gateway, faults, lambda gateway: prepare(gateway, **given))
    count = points.run()
    ends = {(payment.status, *payment.labels) for payment in points.end[0].get("payments", ())}
    assert ends == {END_OF[name]} if name in END_OF else not ends, "without a fault it is what was meant"
    total.positions += count.positions
    total.cases += count.cases


def test_every_position_had_every_fault(total: Count, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\ncrash points: {total.positions} positions, {total.cases} cases")
    assert set(DEMANDED) <= set(Fault)
    assert total.cases >= total.positions * len(DEMANDED) > 0
