"""What the numbering writer, the sender and their sweeps do."""

from chalicelib.ledger.service import fund
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import workers as webhook_workers
from tests.faults import storage
from tests.faults.gateway import Gateway
from tests.faults.operation import Operation, handled, scheduled
from tests.faults.payment_operations import one_expires, seen, worker_admits, worker_credits


def writer_numbers_event(gateway: Gateway) -> Operation:
    worker_admits(gateway).begin(gateway)
    return handled(gateway.take())


def writer_numbers_event_and_row(gateway: Gateway) -> Operation:
    worker_credits(gateway).begin(gateway)
    return handled(gateway.take())


def writer_numbers_row(gateway: Gateway, tenant: NewTenant) -> Operation:
    fund(gateway.env, tenant.tenant_id, "USDTTRC20", 5_000_000)
    return handled(gateway.take())


def writers_number_side_by_side(gateway: Gateway) -> Operation:
    """Two writers of one tenant, each with something of its own to number."""
    worker_admits(gateway).begin(gateway)
    mine = gateway.take()
    worker_admits(gateway).begin(gateway)
    other = gateway.take()
    return Operation(lambda gateway: not gateway.handle(mine), twin=lambda gateway: not gateway.handle(other))


def _first_event(gateway: Gateway) -> None:
    writer_numbers_event(gateway).begin(gateway)


def sender_succeeds(gateway: Gateway) -> Operation:
    _first_event(gateway)
    return handled(gateway.take())


def sender_fails_for_seconds(gateway: Gateway) -> Operation:
    _first_event(gateway)
    return _once_refused(handled(gateway.take()))


def sender_fails_for_minutes(gateway: Gateway) -> Operation:
    sender_fails_for_seconds(gateway).begin(gateway)
    gateway.clock.advance(6)
    return _once_refused(handled(gateway.take()))


def sender_hears_gone(gateway: Gateway) -> Operation:
    """The receiver answers 410 for good: its URL, which is the tenant's own, is stopped."""
    gateway.receiver.status = 200
    url = gateway.receiver.url
    assert gateway.client.post("/user/webhooks/", {"callback_url": url}).status == 200
    gateway.pay(gateway.create())
    gateway.mine()
    gateway.scan()
    gateway.handle(gateway.take())
    gateway.handle(gateway.take())
    messages = gateway.take()

    def act(gateway: Gateway) -> bool:
        gateway.receiver.status = 410
        return not gateway.handle(messages)

    def look(_: Gateway) -> object:
        (record,) = storage.records(TenantRecord, "TENANT#")
        return record.callback_stopped, len(storage.partitions("STOPPED#"))

    return Operation(act, look=look)


def sweep_delivers_again(gateway: Gateway) -> Operation:
    sender_fails_for_minutes(gateway).begin(gateway)
    gateway.drop_messages()
    gateway.clock.advance(6 * 60)
    return scheduled(lambda gateway: webhook_workers.sweep_retries(gateway.env))


def sweep_tells_of_expiry(gateway: Gateway) -> Operation:
    one_expires(gateway).begin(gateway)
    return _outbox_after_loss(gateway)


def sweep_tells_of_unsent(gateway: Gateway) -> Operation:
    one_expires(gateway).begin(gateway)
    gateway.handle(gateway.take())
    return _outbox_after_loss(gateway)


def sweep_forgets_what_is_told(gateway: Gateway) -> Operation:
    one_expires(gateway).begin(gateway)
    gateway.settle()
    return _outbox_after_loss(gateway)


def sweep_tells_of_funding(gateway: Gateway, tenant: NewTenant) -> Operation:
    fund(gateway.env, tenant.tenant_id, "USDTTRC20", 5_000_000)
    return _outbox_after_loss(gateway)


def unsent_event_is_overtaken(gateway: Gateway) -> Operation:
    """An event was numbered and its message lost, and the payment has moved on before any sweep."""
    seen(gateway)
    gateway.handle(gateway.take())
    gateway.handle(gateway.take())
    gateway.drop_messages()
    gateway.mine(19)
    gateway.scan()
    return handled(gateway.take())


def _outbox_after_loss(gateway: Gateway) -> Operation:
    gateway.drop_messages()
    gateway.clock.advance(60)
    return scheduled(lambda gateway: webhook_workers.sweep_outbox(gateway.env))


def _once_refused(operation: Operation) -> Operation:
    """The receiver answers 500 while the operation runs, and 200 from then on."""

    def act(gateway: Gateway) -> bool:
        gateway.receiver.status = 500
        try:
            return operation.act(gateway)
        finally:
            gateway.receiver.status = 200

    return Operation(act)
