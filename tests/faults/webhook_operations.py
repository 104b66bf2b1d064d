"""What the numbering writer, the sender and their sweeps do."""

from collections.abc import Callable

from chalicelib.ledger.service import fund
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import deliveries, endpoints, rotation, secrets
from chalicelib.webhooks import workers as webhook_workers
from chalicelib.webhooks.events import EventRecord
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


def asks_for_test(gateway: Gateway) -> Operation:
    """A merchant asks for a test event, with a key, until it is accepted."""
    _configured(gateway)

    def look(gateway: Gateway) -> object:
        tested = [body for body in gateway.receiver.bodies if body["event"] == "webhook_test"]
        return len({body["event_id"] for body in tested})

    return _asked("/user/webhooks/test/", look)


def rotates_secret(gateway: Gateway) -> Operation:
    """A merchant changes its secret, with a key, until it is told the new one."""
    _configured(gateway)

    def look(gateway: Gateway) -> object:
        (record,) = storage.records(TenantRecord, "TENANT#")
        keys = rotation.signing_keys(gateway.env, record.pk.partition("#")[2], record)
        shown = secrets.key_of(gateway.heard["secret"])
        return keys[0] == shown, len(keys)

    return _asked("/user/webhooks/rotate-secret/", look)


def configures_with_key(gateway: Gateway) -> Operation:
    """A merchant sets its URL for the first time, with a key: it sees the secret in the end, whatever was lost."""

    def look(gateway: Gateway) -> object:
        (record,) = storage.records(TenantRecord, "TENANT#")
        secret = endpoints.secret_of(gateway.env, record.pk.partition("#")[2], record.sealed_secret)
        return gateway.heard["secret"] == secret, record.callback_url

    return _asked("/user/webhooks/", look, {"callback_url": "https://your-site.com/hook"})


def asks_for_resend(gateway: Gateway) -> Operation:
    """A merchant has a delivery made again, with a key, until that is accepted."""
    _first_event(gateway)
    gateway.handle(gateway.take())
    (event,) = storage.records(EventRecord, "EVENT#")
    assert event.delivery == "delivered"
    return _asked(f"/user/webhooks/deliveries/{deliveries.delivery_id(event.sk)}/resend/", _attempted_again)


def asks_for_range(gateway: Gateway) -> Operation:
    """The same for a range of the log."""
    _first_event(gateway)
    gateway.handle(gateway.take())
    body = {"after": 0, "until": 10}
    return _asked("/user/webhooks/deliveries/resend/", _attempted_again, body)


def _attempted_again(_: Gateway) -> object:
    (event,) = storage.records(EventRecord, "EVENT#")
    return len(event.attempts_made) > 1


def _configured(gateway: Gateway) -> None:
    gateway.receiver.status = 200
    answer = gateway.client.post("/user/webhooks/", {"callback_url": gateway.receiver.url})
    assert answer.status == 200


def _asked(path: str, look: Callable[[Gateway], object], body: object = None) -> Operation:
    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post(path, body, headers={"Idempotency-Key": "a key"})
        assert answer.status < 400 or answer.status == 503, answer.text
        if answer.status < 400:
            gateway.heard.update(answer.json)
        return answer.status < 400

    return Operation(act, is_asked=True, look=look)
