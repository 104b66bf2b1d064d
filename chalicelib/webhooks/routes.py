"""Webhooks over HTTP."""

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.errors import InvalidUrlError
from chalicelib.webhooks import endpoints, secrets
from chalicelib.webhooks.schemas import ConfigureWebhooks, WebhooksCreated, WebhooksUpdated

routes = Routes("Webhooks", __name__)

_CREATED = "Webhook settings created successfully. Please save your secret - it will not be shown again."
_UPDATED = "Webhook settings updated successfully. The secret stays the same."


@routes.post(
    "/user/webhooks",
    body=ConfigureWebhooks,
    answer=WebhooksCreated | WebhooksUpdated,
    scopes=("write",),
    errors=(InvalidUrlError,),
)
def configure_webhooks(call: Call) -> WebhooksCreated | WebhooksUpdated:
    """Set the URL that the tenant's events go to; the first time the answer holds the secret."""
    endpoint = endpoints.configure(call.env, call.tenant_id, call.body.callback_url)
    if endpoint.is_first:
        return WebhooksCreated(callback_url=endpoint.callback_url, secret=endpoint.secret, message=_CREATED)
    masked = secrets.masked(endpoint.secret)
    return WebhooksUpdated(callback_url=endpoint.callback_url, masked_secret=masked, message=_UPDATED)
