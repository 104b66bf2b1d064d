"""Test events: asked for by a merchant, told by the same path as everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pynamodb.attributes import UnicodeAttribute

from chalicelib import ids
from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import InvalidStateError, RateLimitExceededError
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Raw, Record
from chalicelib.storage.unit_of_work import Write, check, create, update
from chalicelib.tenants import service as tenants
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import settings_of
from chalicelib.webhooks.events import PendingEvent, Telling
from chalicelib.webhooks.outbox import reminder

KIND = "webhook_test"
EVENT_NAME = "webhook_test"
TESTS_PER_MINUTE = 10
KEPT_SECONDS = 300
MINUTE = 60
MESSAGE = "This is a test of your webhook endpoint; nothing happened."


class WebhookTest(Record):
    """A test event that was asked for."""

    url = UnicodeAttribute(attr_name="u")
    created_at = IntegerAttribute(attr_name="at")


class TestRequests(Record):
    """How many were asked for in a minute."""

    asked = IntegerAttribute(null=True)


@dataclass(frozen=True, slots=True)
class AcceptedTest:
    """A test event that is on its way; its number comes with it."""

    test_id: str
    event_id: str
    url: str


class _MovedError(Exception):
    """The tenant's URL is another one than this process thought."""

    def __init__(self, item: Raw | None) -> None:
        super().__init__("the tenant's URL is another one")
        tenant = TenantRecord.of_raw(item) if item else None
        self.url = tenant.callback_url if tenant and not tenant.callback_stopped else None


def send_test(env: Environment, tenant_id: str, key: IdempotencyKey | None = None) -> AcceptedTest:
    """Have a test event sent to the tenant's URL.

    Raises:
        InvalidStateError: the tenant has no URL, or it answered 410 Gone.
        RateLimitExceededError: ten were asked for in this minute.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    test_id = ids.uuid7(env.clock.now())
    url = settings_of(env, tenant_id).callback_url or _stored_url(env, tenant_id)
    while url is not None:
        try:
            env.store.commit(*_writes(env, tenant_id, test_id, url, key))
        except _MovedError as moved:
            url = moved.url
            continue
        env.queues.wake_numbering(tenant_id, f"{KIND}:{test_id}")
        return AcceptedTest(test_id, _event_id(tenant_id, test_id), url)
    raise InvalidStateError("There is no callback URL to send to; set one by POST /user/webhooks/ first.")


def find(env: Environment, tenant_id: str, test_id: str) -> AcceptedTest:
    """Return a test event as it was accepted."""
    record = env.store.get(WebhookTest, keys.webhook_test(tenant_id, test_id))
    assert record is not None, "it was put with the guard that names it"
    return AcceptedTest(test_id, _event_id(tenant_id, test_id), record.url)


def tellings(env: Environment, tenant_id: str, test_ids: Sequence[str]) -> Mapping[str, list[Telling]]:
    """Return what test events have to tell; the numbering writer's reader of them."""
    found = env.store.get_many(WebhookTest, [keys.webhook_test(tenant_id, test_id) for test_id in test_ids])
    return {key.sk: [_telling(tenant_id, record)] for key, record in found.items()}


def _telling(tenant_id: str, record: WebhookTest) -> Telling:
    event_id = _event_id(tenant_id, record.sk)
    at = record.created_at / 1000
    data = {"test_id": record.sk, "message": MESSAGE, "created_at": iso(at)}
    return Telling(event_id, PendingEvent(event_id, EVENT_NAME, record.sk, "test", at, data, record.url))


def _stored_url(env: Environment, tenant_id: str) -> str | None:
    tenant = tenants.tenant(env, tenant_id)
    return None if tenant.callback_stopped else tenant.callback_url


def _writes(env: Environment, tenant_id: str, test_id: str, url: str, key: IdempotencyKey | None) -> list[Write]:
    now = env.clock.now()
    pk, sk = keys.webhook_test(tenant_id, test_id)
    record = WebhookTest(pk=pk, sk=sk, url=url, created_at=int(now * 1000))
    stopped = TenantRecord.callback_stopped
    is_url = (TenantRecord.callback_url == url) & (stopped == False)  # noqa: E712 -- an expression of DynamoDB's
    return [
        *([key.guard_write(test_id)] if key else []),
        check(keys.tenant(tenant_id), is_url, _MovedError),
        *([_count(tenant_id, int(now))] if env.settings.rate_limits else []),
        create(record),
        reminder(tenant_id, f"{KIND}:{test_id}", now),
    ]


def _count(tenant_id: str, now: int) -> Write:
    minute, second = divmod(now, MINUTE)
    message = f"At most {TESTS_PER_MINUTE} test events a minute."
    too_many = RateLimitExceededError(message, headers={"Retry-After": str(MINUTE - second)})
    asked = TestRequests.asked
    return update(
        keys.webhook_tests(tenant_id, minute),
        [asked.add(1), TestRequests.ttl.set(now + KEPT_SECONDS)],
        asked.does_not_exist() | (asked < TESTS_PER_MINUTE),
        too_many,
    )


def _event_id(tenant_id: str, test_id: str) -> str:
    return ids.event_id(tenant_id, f"{KIND}:{test_id}", 1)
