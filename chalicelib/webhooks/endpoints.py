"""A tenant's webhook endpoint: its URL, and its secret, which is shown whole only once."""

import uuid
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.environment import Environment
from chalicelib.errors import InvalidUrlError
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError, delete, update
from chalicelib.tenants import service as tenants
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory
from chalicelib.webhooks import secrets, targets
from chalicelib.webhooks.guard import TargetPolicy

SECRETS_KEY_VERSION = 1


@dataclass(frozen=True, slots=True)
class ConfiguredEndpoint:
    """A tenant's endpoint as just set.

    Attributes:
        callback_url: where events go.
        secret: what signs them.
        is_first: nobody has seen the secret before; whoever is told now must be told all of it.
    """

    callback_url: str
    secret: str
    is_first: bool


def check_callback_url(env: Environment, url: str) -> None:
    """Demand that a callback URL is one that we would call.

    Raises:
        InvalidUrlError: it breaks a rule, or leads to an address that is not public.
    """
    policy = TargetPolicy(allow_local=env.settings.allow_local_callbacks)
    try:
        targets.check_registration(url, policy, env.resolver)
    except targets.InvalidUrlError as error:
        raise InvalidUrlError(f"callback_url {error}.", details={"callback_url": [str(error)]}) from error


def configure(env: Environment, tenant_id: str, callback_url: str) -> ConfiguredEndpoint:
    """Set where a tenant's events go; deliveries that a 410 stopped go on. The secret stays what it is.

    Exactly one call in a tenant's life is the first, however many run at once.

    Raises:
        InvalidUrlError: a callback URL that we would never call.
        NotFoundError: there is no such tenant.
    """
    check_callback_url(env, callback_url)
    tenant = tenants.tenant(env, tenant_id)
    secret = secret_of(env, tenant_id, tenant.sealed_secret)
    # A receiver that said 410 Gone is called again once its URL is set anew.
    env.store.commit(delete(keys.stopped_target(tenant_id, callback_url)))
    is_first = not tenant.secret_shown and _set_first(env, tenant_id, callback_url)
    if not is_first:
        tenants.change(env, tenant_id, *_set(callback_url))
    return ConfiguredEndpoint(callback_url, secret, is_first)


def secret_of(env: Environment, tenant_id: str, sealed_secret: bytes) -> str:
    """Return a tenant's webhook secret, ``sec_`` and base64, from its sealed form."""
    return secrets.open_sealed(sealed_secret, {SECRETS_KEY_VERSION: env.settings.secrets_key}, tenant_id)


def _set_first(env: Environment, tenant_id: str, callback_url: str) -> bool:
    """Set the URL if the secret was never shown, and return whether it is this call that shows it."""
    call = uuid.uuid4().hex
    actions = [*_set(callback_url), TenantRecord.secret_shown.set(True), TenantRecord.secret_shown_to.set(call)]
    try:
        env.store.commit(update(keys.tenant(tenant_id), actions, _never_shown()))
    except ConflictError:  # a twin was faster, or this very write was, when botocore sent it again
        return tenants.tenant(env, tenant_id).secret_shown_to == call
    except StorageUnavailableError:  # it may have been done, and nobody else would ever show the secret
        if tenants.tenant(env, tenant_id).secret_shown_to != call:
            raise
    env.keep(TenantDirectory).forget(tenant_id)
    return True


def _never_shown() -> Condition:
    shown = TenantRecord.secret_shown
    never = shown.does_not_exist() | (shown == False)  # noqa: E712 -- an expression of DynamoDB's
    condition: Condition = TenantRecord.pk.exists() & never
    return condition


def _set(callback_url: str) -> list[Action]:
    return [TenantRecord.callback_url.set(callback_url), TenantRecord.callback_stopped.set(False)]
