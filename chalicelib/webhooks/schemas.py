"""Request and answer shapes of the webhook routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Timestamp, Url


class ConfigureWebhooks(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where events go that name no URL of their own."""

    callback_url: Annotated[
        Url,
        Meta(
            description="https on port 443 or 8443, a full public host name.",
            examples=["https://your-site.com/webhook"],
        ),
    ]


class WebhooksCreated(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The first answer: the secret is shown whole, this once."""

    callback_url: str
    secret: Annotated[str, Meta(examples=["sec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    message: str


class WebhooksUpdated(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every later answer: the secret stays the same and is not shown again."""

    callback_url: str
    masked_secret: Annotated[str, Meta(examples=["sec_****fgh"])]
    message: str


class SecretRotated(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The new secret, shown whole, this once."""

    secret: Annotated[str, Meta(examples=["sec_K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="])]
    old_secret_valid_until: Annotated[Timestamp, Meta(description="Until then the old secret signs along.")]
    message: str


class TestAccepted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A test event is on its way."""

    status: Literal["accepted"]
    event_id: Annotated[str, Meta(examples=["evt_3c23628c342a914829b4e20b93a6"])]
    callback_url: str
    message: str


DeliveryStatus = Literal["pending", "delivered", "failed"]
EventName = Literal["payment_status_update", "withdrawal_status_update", "transfer_status_update", "webhook_test"]
Failure = Literal[
    "dns", "blocked_address", "connect", "tls", "timeout", "redirect", "http_status", "protocol", "gone"
]


class Attempt(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One try of a delivery."""

    at: Timestamp
    status_code: int | None
    duration_ms: int
    failure: Annotated[Failure | None, Meta(description="null: it succeeded.")]


class Delivery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The sending of one event to its URL."""

    id: Annotated[str, Meta(examples=["dlv_3c23628c342a914829b4e20b93a6"])]
    event_id: Annotated[str, Meta(examples=["evt_3c23628c342a914829b4e20b93a6"])]
    event: str
    url: str
    status: DeliveryStatus
    attempts: Annotated[list[Attempt], Meta(description="Oldest first.")]
    next_attempt_at: Timestamp | None
    created_at: Timestamp


class ListDeliveries(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which deliveries."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    status: Annotated[DeliveryStatus, Meta(description="Looks at the newest 1,000 deliveries.")] | None = None
    event: Annotated[EventName, Meta(description="Looks at the newest 1,000 deliveries.")] | None = None


class DeliveryList(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of deliveries, newest first."""

    deliveries: list[Delivery]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


class ResendAccepted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A delivery is made again."""

    status: Literal["accepted"]
    id: str
    message: str


_Sequence = Annotated[int, Meta(ge=0, le=10**11)]


class ResendRange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the log: at most 1,000 events."""

    after: Annotated[_Sequence, Meta(description="Events above this sequence.", examples=[0])]
    until: Annotated[_Sequence, Meta(description="Up to and including this sequence.", examples=[1000])]
    status: Annotated[DeliveryStatus, Meta(description="Only deliveries that stand so.")] | None = None


class RangeAccepted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Deliveries are made again."""

    status: Literal["accepted"]
    count: Annotated[int, Meta(description="How many.")]
    message: str


_EVENT_FIELDS = {
    "transaction_id": {"type": "string", "description": "The payment's, withdrawal's, transfer's or test's id."},
    "event": {"type": "string", "examples": ["payment_status_update"]},
    "event_id": {"type": "string", "examples": ["evt_3c23628c342a914829b4e20b93a6"]},
    "sequence": {"type": "integer", "minimum": 1},
    "status": {"type": "string", "examples": ["completed"]},
    "timestamp": {"type": "string", "format": "date-time"},
    "data": {
        "type": "object",
        "description": "The object as the API answered it at that step.",
        "propertyNames": {"pattern": "^[a-z_]+$"},
        "additionalProperties": {},
    },
}
EventBody = Annotated[
    msgspec.Raw,
    Meta(
        extra_json_schema={
            "type": "object",
            "description": "The body as it was delivered.",
            "properties": _EVENT_FIELDS,
            "required": list(_EVENT_FIELDS),
            "additionalProperties": False,
        }
    ),
]


class ListEvents(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the log."""

    after: Annotated[_Sequence, Meta(description="Events above this sequence.")] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class EventList(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of the tenant's event log, oldest first, without gaps."""

    events: list[EventBody]
    has_more: bool
