"""What the schedules and workers of chains and payments do."""

from chalicelib.payments import workers as payment_workers
from chalicelib.tenants.service import NewTenant
from tests.faults.gateway import Gateway
from tests.faults.operation import Operation, handled, scheduled
from tests.withdrawals.accepted import accept

DEEP = 19  # confirmations that USDTTRC20 asks for
PRICE = 100_000_000


def seen(gateway: Gateway, units: int = PRICE, **fields: object) -> str:
    """A payment with its deposit in a block, and the scanner's messages waiting."""
    payment = gateway.create(callback_url=gateway.receiver.url, **fields)
    txid = gateway.pay(payment, units)
    gateway.mine()
    gateway.scan()
    return txid


def completed(gateway: Gateway) -> str:
    """A payment that is completed, credited and told."""
    txid = seen(gateway)
    gateway.settle()
    gateway.mine(DEEP)
    gateway.scan()
    gateway.settle()
    return txid


def scan_sees_mempool(gateway: Gateway) -> Operation:
    gateway.pay(gateway.create(callback_url=gateway.receiver.url))
    return scheduled(Gateway.scan)


def scan_sees_block(gateway: Gateway) -> Operation:
    gateway.pay(gateway.create(callback_url=gateway.receiver.url))
    gateway.mine()
    return scheduled(Gateway.scan)


def scan_sees_double_spend(gateway: Gateway) -> Operation:
    txid = gateway.pay(gateway.create(callback_url=gateway.receiver.url))
    gateway.scan()
    gateway.settle()
    gateway.node.doublespend("TRX", txid)
    return scheduled(Gateway.scan)


def scan_finds_it_deep(gateway: Gateway) -> Operation:
    seen(gateway)
    gateway.settle()
    gateway.mine(DEEP)
    return scheduled(Gateway.scan)


def worker_admits(gateway: Gateway) -> Operation:
    seen(gateway)
    return handled(gateway.take())


def worker_admits_from_mempool(gateway: Gateway) -> Operation:
    scan_sees_mempool(gateway)
    gateway.scan()
    return handled(gateway.take())


def worker_loses_double_spent(gateway: Gateway) -> Operation:
    scan_sees_double_spend(gateway)
    gateway.scan()
    return handled(gateway.take())


def worker_admits_several(gateway: Gateway) -> Operation:
    payment = gateway.create(callback_url=gateway.receiver.url)
    gateway.pay(payment, 60_000_000)
    gateway.pay(payment, 60_000_000)
    gateway.mine()
    gateway.scan()
    return handled(gateway.take())


def worker_credits(gateway: Gateway) -> Operation:
    scan_finds_it_deep(gateway)
    gateway.scan()
    return handled(gateway.take())


def worker_admits_and_credits(gateway: Gateway) -> Operation:
    seen(gateway)
    gateway.drop_messages()
    gateway.mine(DEEP)
    gateway.scan()
    return handled(gateway.take())


def scan_sees_reorg(gateway: Gateway) -> Operation:
    txid = seen(gateway)
    gateway.settle()
    gateway.mine(2)
    gateway.node.reorg("TRX", 3, [txid])
    return scheduled(Gateway.scan)


def scan_sees_reorg_of_credited(gateway: Gateway) -> Operation:
    txid = completed(gateway)
    _let_sweeps_pass(gateway)
    gateway.node.reorg("TRX", DEEP + 1, [txid])
    return scheduled(Gateway.scan)


def scan_sees_credited_moved(gateway: Gateway) -> Operation:
    completed(gateway)
    _let_sweeps_pass(gateway)
    gateway.node.reorg("TRX", DEEP + 1)
    return scheduled(Gateway.scan)


def scan_sees_new_deposit_below(gateway: Gateway) -> Operation:
    """A reorganisation returns a reversed deposit deep below where the sweep has come to."""
    txid = completed(gateway)
    gateway.node.reorg("TRX", DEEP + 1, [txid])
    gateway.scan()
    gateway.settle()
    _let_sweeps_pass(gateway)
    gateway.node.rebroadcast("TRX", txid)
    gateway.mine()
    return scheduled(Gateway.scan)


def worker_orphans(gateway: Gateway) -> Operation:
    scan_sees_reorg(gateway)
    gateway.scan()
    return handled(gateway.take())


def worker_reverses(gateway: Gateway) -> Operation:
    scan_sees_reorg_of_credited(gateway)
    gateway.scan()
    return handled(gateway.take())


def worker_reverses_what_is_held(gateway: Gateway, tenant: NewTenant) -> Operation:
    txid = completed(gateway)
    accept(gateway.env, tenant.tenant_id, 60_000_000)  # the hot wallet is empty: it waits
    gateway.node.reorg("TRX", DEEP + 1, [txid])
    gateway.scan()
    return handled(gateway.take())


def one_expires(gateway: Gateway) -> Operation:
    gateway.create(callback_url=gateway.receiver.url, expiry_minutes=30)
    gateway.clock.advance(31 * 60)
    return scheduled(lambda gateway: payment_workers.expire_payments(gateway.env))


def under_paid_expires(gateway: Gateway) -> Operation:
    seen(gateway, 40_000_000, expiry_minutes=30)
    gateway.settle()
    gateway.clock.advance(31 * 60)
    return scheduled(lambda gateway: payment_workers.expire_payments(gateway.env))


def sweep_tells_of_deposit(gateway: Gateway) -> Operation:
    seen(gateway)
    return _sweep_after_loss(gateway)


def sweep_tells_of_mempool(gateway: Gateway) -> Operation:
    scan_sees_mempool(gateway)
    gateway.scan()
    return _sweep_after_loss(gateway)


def sweep_tells_of_credit(gateway: Gateway) -> Operation:
    scan_finds_it_deep(gateway)
    gateway.scan()
    return _sweep_after_loss(gateway)


def sweep_tells_of_event(gateway: Gateway) -> Operation:
    worker_credits(gateway).begin(gateway)
    return _sweep_after_loss(gateway)


def sweep_tells_of_reorg(gateway: Gateway) -> Operation:
    scan_sees_reorg_of_credited(gateway)
    gateway.scan()
    return _sweep_after_loss(gateway)


def sweep_moves_on(gateway: Gateway) -> Operation:
    completed(gateway)
    return _sweep_after_loss(gateway)


def _sweep_after_loss(gateway: Gateway) -> Operation:
    gateway.drop_messages()
    gateway.clock.advance(60)
    return scheduled(lambda gateway: payment_workers.sweep_deposits(gateway.env))


def _let_sweeps_pass(gateway: Gateway) -> None:
    for _ in range(3):
        gateway.minute()
