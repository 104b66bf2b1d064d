"""What the schedule that sweeps deposits does, and the payouts' worker for it."""

from dataclasses import replace
from typing import Any

from chalicelib.currencies.workers import refresh_prices
from chalicelib.sweeping.records import HoldingRecord
from chalicelib.sweeping.workers import sweep_accounts
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.faults import storage
from tests.faults.gateway import Gateway
from tests.faults.operation import Operation, handled, scheduled

PAID, STOCK = 100_000_000, 900_000_000
QUARTER, PATIENCE = 900, 3600


def sweep_opens_a_top_up(gateway: Gateway) -> Operation:
    paid(gateway)
    return _looking(_schedule(), ("top-up", "submitted"), lies=PAID)


def sweep_opens_a_sweep(gateway: Gateway) -> Operation:
    topped_up(gateway)
    return _looking(_schedule(), ("top-up", "completed"), ("sweep", "submitted"), lies=PAID)


def sweep_lets_go_of_what_is_home(gateway: Gateway) -> Operation:
    topped_up(gateway)
    gateway.sweep_accounts()
    _deep(gateway)
    gateway.clock.advance(QUARTER)
    return _looking(_schedule(), ("top-up", "completed"), ("sweep", "completed"), lies=0, held=0)


def sweep_takes_back_what_was_never_signed(gateway: Gateway) -> Operation:
    paid(gateway)
    gateway.sweep_accounts()
    gateway.node.set_hot_wallet("TRX", "TRX", 0)
    gateway.settle()
    gateway.clock.advance(PATIENCE)
    return _looking(_schedule(), ("top-up", "cancelled"), lies=PAID)


def worker_signs_a_sweep(gateway: Gateway) -> Operation:
    topped_up(gateway)
    gateway.sweep_accounts()
    operation = handled(gateway.take())
    return _looking(operation, ("top-up", "completed"), ("sweep", "submitted"), lies=PAID)


def worker_completes_a_sweep(gateway: Gateway) -> Operation:
    topped_up(gateway)
    gateway.sweep_accounts()
    gateway.settle()
    gateway.mine(19)
    gateway.scan()
    operation = handled(gateway.take())
    return _looking(operation, ("top-up", "completed"), ("sweep", "completed"), lies=0)


def scan_sees_a_top_up(gateway: Gateway) -> Operation:
    """It is nobody's deposit: the payment stays as it is."""
    paid(gateway)
    gateway.sweep_accounts()
    gateway.settle()
    gateway.mine()
    return _looking(scheduled(lambda gateway: gateway.scan()), ("top-up", "submitted"), lies=PAID)


def paid(gateway: Gateway) -> None:
    """A payment is paid, deep and told; what is worth 50 dollars is swept."""
    gateway.sweep_from(5_000)
    gateway.node.fund_hot_wallet("TRX", "TRX", STOCK)
    gateway.pay(gateway.create())
    _deep(gateway)


def topped_up(gateway: Gateway) -> None:
    """Its account was given its gas."""
    paid(gateway)
    gateway.sweep_accounts()
    _deep(gateway)
    gateway.clock.advance(QUARTER)
    refresh_prices(gateway.env)


def _deep(gateway: Gateway) -> None:
    gateway.settle()
    gateway.mine(19)
    gateway.scan()
    gateway.settle()


def _schedule() -> Operation:
    """The schedule without its prices, which are another one's."""

    def run(gateway: Gateway) -> None:
        sweep_accounts(gateway.env)

    return scheduled(run)


def _looking(operation: Operation, *wanted: tuple[str, str], lies: int, held: int = 1) -> Operation:
    """Demand that our own moves come to this, and so much still lies on the account."""

    def look(gateway: Gateway) -> Any:
        moves = [one for one in storage.records(WithdrawalRecord, "WITHDRAWAL#") if one.is_internal]
        assert tuple((one.purpose, one.status) for one in moves) == wanted
        found = storage.records(HoldingRecord, "HOLDING#")
        assert len(found) == held or not lies, "what is home is let go, sooner or later"
        accounts = {one.address for one in moves if one.purpose == "top-up"}
        assert [gateway.node.balance("TRX", one, "USDT") for one in accounts] == [lies]
        return wanted

    return replace(operation, look=look)
