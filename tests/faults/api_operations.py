"""What clients and operators ask for."""

from typing import Any

from chalicelib.ledger.records import MovementRecord
from chalicelib.ledger.service import fund
from chalicelib.oauth.records import ClientRecord
from chalicelib.payments.records import AddressPointer, PaymentRecord
from chalicelib.tenants.records import TenantEntry, TenantRecord
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.faults import storage
from tests.faults.gateway import Gateway
from tests.faults.operation import Operation

BODY = {"amount": "100.00", "currency": "USDTTRC20", "order_id": "order_1", "expiry_minutes": 10_000}
ASKED_TIMES = 3


def token(gateway: Gateway, tenant: NewTenant) -> Operation:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
    }

    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post("/o/token/", form=form)
        gateway.heard.update(answer.json)
        return _is_done(answer)

    def look(gateway: Gateway) -> int:
        return gateway.client.with_token(gateway.heard["access_token"]).get("/payments/").status

    return Operation(act, is_asked=True, look=look)


def create_payment(gateway: Gateway, headers: dict[str, str] | None = None) -> Operation:

    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post("/payments/", BODY, headers=headers or {})
        if _is_done(answer):
            gateway.heard.update(answer.json)
        return _is_done(answer)

    def look(gateway: Gateway) -> Any:
        stored = storage.records(PaymentRecord, "PAYMENT#")
        assert gateway.heard["transaction_id"] in [record.sk for record in stored], "what was answered is there"
        assert len(stored) == 1 or (not headers and len(stored) == 2), "a key makes one payment, however often"
        pointers = {pointer.payment_id: pointer.index for pointer in storage.records(AddressPointer, "ADDRESS#")}
        assert pointers == {record.sk: record.address_index for record in stored}, "a payment has its address"
        if headers:
            again = gateway.client.post("/payments/", BODY, headers=headers)
            assert again.headers["idempotency-replayed"] == "true"
            assert again.json == gateway.heard, "the first answer, byte for byte"
        return gateway.heard["status"], gateway.heard["amount_crypto"]

    left_out = frozenset[str]() if headers else frozenset({"payments"})
    return Operation(act, is_asked=True, look=look, left_out=left_out, has_twin=bool(headers))


def create_application(gateway: Gateway) -> Operation:
    headers = {"Idempotency-Key": "application-1"}

    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post("/o/apps/", {"name": "Shop"}, headers=headers)
        gateway.heard.update(answer.json)
        return _is_done(answer)

    def look(gateway: Gateway) -> Any:
        form = {"grant_type": "client_credentials", "client_id": gateway.heard["client_id"]}
        answer = gateway.client.post("/o/token/", form={**form, "client_secret": gateway.heard["client_secret"]})
        return answer.status, len(gateway.client.get("/o/apps/").json)

    return Operation(act, is_asked=True, look=look)


def configure_webhooks(gateway: Gateway) -> Operation:

    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post("/user/webhooks/", {"callback_url": "https://your-site.com/hook"})
        gateway.heard.update(answer.json)
        return _is_done(answer)

    def look(gateway: Gateway) -> Any:
        (record,) = storage.records(TenantRecord, "TENANT#")
        return record.callback_url, record.secret_shown, "secret" in gateway.heard

    return Operation(act, is_asked=True, look=look)


def operator_funds(gateway: Gateway, tenant: NewTenant) -> Operation:
    """The operator looks into the journal before asking again: each command is a movement of its own."""

    def act(gateway: Gateway) -> bool:
        if not storage.records(MovementRecord, "JOURNAL#"):
            fund(gateway.env, tenant.tenant_id, "USDTTRC20", 5_000_000)
        return True

    return Operation(act, is_asked=True, has_twin=False)


def operator_creates_tenant(gateway: Gateway) -> Operation:
    """The operator asks again until a tenant's credentials were shown; an earlier one may be left over, whole."""

    def act(gateway: Gateway) -> bool:
        gateway.heard["tenant"] = create_tenant(gateway.env, "Second Company")
        return True

    def look(gateway: Gateway) -> Any:
        tenant = gateway.heard["tenant"]
        form = {"grant_type": "client_credentials", "client_id": tenant.client_id}
        answer = gateway.client.post("/o/token/", form={**form, "client_secret": tenant.client_secret})
        entries = {entry.sk for entry in storage.records(TenantEntry, "TENANTS")}
        assert {record.pk.partition("#")[2] for record in storage.records(TenantRecord, "TENANT#")} == entries
        clients = {record.tenant_id for record in storage.records(ClientRecord, "CLIENT#")}
        assert clients == entries, "a tenant has its first application, or is not there at all"
        applications = [record for record in storage.partitions("APPLICATION#") if "client_id" in record]
        assert len(applications) == len(entries)
        assert len(entries) <= ASKED_TIMES
        return answer.status

    return Operation(act, is_asked=True, look=look, has_twin=False)


def _is_done(answer: Any) -> bool:
    assert answer.status < 400 or answer.status == 503, answer.text
    return bool(answer.status < 400)
