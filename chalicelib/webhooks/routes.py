"""Webhooks and the event log over HTTP."""

from typing import TYPE_CHECKING

import msgspec

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.clock import iso
from chalicelib.errors import InvalidStateError, InvalidUrlError, NotFoundError, RateLimitExceededError
from chalicelib.lazily import lazily
from chalicelib.webhooks.schemas import (
    ConfigureWebhooks,
    DeliveryList,
    EventList,
    ListDeliveries,
    ListEvents,
    RangeAccepted,
    ResendAccepted,
    ResendRange,
    SecretRotated,
    TestAccepted,
    WebhooksCreated,
    WebhooksUpdated,
)

if TYPE_CHECKING:
    from chalicelib.webhooks import deliveries, endpoints, resending, rotation, service, trial
    from chalicelib.webhooks.endpoints import ConfiguredEndpoint
    from chalicelib.webhooks.rotation import Rotation
    from chalicelib.webhooks.trial import AcceptedTest
else:
    deliveries, endpoints, resending, rotation, service, trial = lazily(
        "chalicelib.webhooks", "deliveries", "endpoints", "resending", "rotation", "service", "trial"
    )

routes = Routes("Webhooks", __name__)

_CREATED = "Webhook settings created successfully. Please save your secret - it will not be shown again."
_UPDATED = "Webhook settings updated successfully. The secret stays the same."
_ROTATED = "Please save your new secret - it will not be shown again. The old one signs along until it ends."
_TESTED = "The test event was accepted and is being sent."
_RESENT = "The delivery is being made again."
_RANGE_RESENT = "The deliveries are being made again."


def _configured(endpoint: "ConfiguredEndpoint") -> WebhooksCreated | WebhooksUpdated:
    if endpoint.secret is not None:
        return WebhooksCreated(callback_url=endpoint.callback_url, secret=endpoint.secret, message=_CREATED)
    masked = endpoint.masked_secret
    return WebhooksUpdated(callback_url=endpoint.callback_url, masked_secret=masked, message=_UPDATED)


def _configured_first(call: Call, object_id: str) -> WebhooksCreated | WebhooksUpdated:
    return _configured(endpoints.first_answer(call.env, call.tenant_id, call.body.callback_url, object_id))


@routes.post(
    "/user/webhooks",
    body=ConfigureWebhooks,
    answer=WebhooksCreated | WebhooksUpdated,
    scopes=("write",),
    replay=_configured_first,
    errors=(InvalidUrlError,),
)
def configure_webhooks(call: Call) -> WebhooksCreated | WebhooksUpdated:
    """Set the URL that the tenant's events go to; the first time the answer holds the secret."""
    return _configured(endpoints.configure(call.env, call.tenant_id, call.body.callback_url, call.idempotency))


def _rotated(rotation: "Rotation") -> SecretRotated:
    until = iso(rotation.overlap_until)
    return SecretRotated(secret=rotation.secret, old_secret_valid_until=until, message=_ROTATED)


def _rotated_first(call: Call, object_id: str) -> SecretRotated:
    assert call.idempotency is not None, "replays happen on keys"
    return _rotated(rotation.first_answer(call.env, call.tenant_id, call.idempotency, object_id))


@routes.post(
    "/user/webhooks/rotate-secret", answer=SecretRotated, replay=_rotated_first, errors=(InvalidStateError,)
)
def rotate_webhook_secret(call: Call) -> SecretRotated:
    """Get a new webhook secret; deliveries are signed with the old one too for 24 hours."""
    return _rotated(rotation.rotate(call.env, call.tenant_id, call.idempotency))


def _tested(test: "AcceptedTest") -> TestAccepted:
    return TestAccepted(status="accepted", event_id=test.event_id, callback_url=test.url, message=_TESTED)


def _tested_first(call: Call, object_id: str) -> TestAccepted:
    return _tested(trial.find(call.env, call.tenant_id, object_id))


@routes.post(
    "/user/webhooks/test",
    status=202,
    answer=TestAccepted,
    replay=_tested_first,
    errors=(InvalidStateError, RateLimitExceededError),
)
def send_webhook_test(call: Call) -> TestAccepted:
    """Have a test event sent to the tenant's URL; at most ten a minute."""
    return _tested(trial.send_test(call.env, call.tenant_id, call.idempotency))


@routes.get("/user/webhooks/deliveries", query=ListDeliveries, answer=DeliveryList, scopes=("read",))
def list_webhook_deliveries(call: Call) -> DeliveryList:
    """List deliveries, newest first, each with its attempts."""
    return deliveries.list_deliveries(call.env, call.tenant_id, call.query)


def _resent(_: Call, object_id: str) -> ResendAccepted:
    return ResendAccepted(status="accepted", id=object_id, message=_RESENT)


@routes.post(
    "/user/webhooks/deliveries/{id}/resend",
    status=202,
    answer=ResendAccepted,
    replay=_resent,
    errors=(NotFoundError, InvalidStateError),
)
def resend_webhook_delivery(call: Call) -> ResendAccepted:
    """Have one delivery made again, on a fresh schedule of attempts."""
    resending.resend(call.env, call.tenant_id, call.path["id"], call.idempotency)
    return _resent(call, call.path["id"])


def _range_resent(_: Call, object_id: str) -> RangeAccepted:
    return RangeAccepted(status="accepted", count=int(object_id), message=_RANGE_RESENT)


@routes.post(
    "/user/webhooks/deliveries/resend",
    status=202,
    body=ResendRange,
    answer=RangeAccepted,
    replay=_range_resent,
)
def resend_webhook_deliveries(call: Call) -> RangeAccepted:
    """Have the deliveries of a range of the event log made again, each on a fresh schedule of attempts."""
    asked = call.body
    count = resending.resend_range(
        call.env, call.tenant_id, asked.after, asked.until, asked.status, call.idempotency
    )
    return _range_resent(call, str(count))


@routes.get("/events", query=ListEvents, answer=EventList, scopes=("read",))
def list_events(call: Call) -> EventList:
    """Read the event log: everything that the tenant was ever told, numbered, oldest first, without gaps."""
    bodies, has_more = service.events_after(call.env, call.tenant_id, call.query.after, call.query.limit)
    return EventList(events=[msgspec.Raw(body) for body in bodies], has_more=has_more)
