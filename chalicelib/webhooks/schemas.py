"""Request and answer shapes of the webhook routes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Url


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
