"""A tenant's webhook endpoint: its URL, and its secret, which is shown whole only once."""

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.environment import Environment
from chalicelib.errors import InvalidUrlError, NotFoundError
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, Write, delete, update
from chalicelib.tenants import service as tenants
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory
from chalicelib.webhooks import secrets, targets
from chalicelib.webhooks.guard import TargetPolicy

SECRETS_KEY_VERSION = 1
_SHOWN, _MASKED = "sealed:", "masked:"  # what a guard keeps: the secret, encrypted, or what was shown of it


@dataclass(frozen=True, slots=True)
class ConfiguredEndpoint:
    """A tenant's endpoint as just set.

    Attributes:
        callback_url: where events go.
        secret: what signs them, if nobody has seen it before; whoever is told now must be told all of it.
        masked_secret: what may be shown of it to anybody.
    """

    callback_url: str
    secret: str | None
    masked_secret: str


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


def configure(
    env: Environment, tenant_id: str, callback_url: str, key: IdempotencyKey | None = None
) -> ConfiguredEndpoint:
    """Set where a tenant's events go; deliveries that a 410 stopped go on. The secret stays what it is.

    Exactly one call in a tenant's life is the first, however many run at once.

    Args:
        env: the environment.
        tenant_id: whose events.
        callback_url: where they go.
        key: the request's idempotency key; its guard keeps the secret as sealed, for a replay.

    Raises:
        InvalidUrlError: a callback URL that we would never call.
        NotFoundError: there is no such tenant.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    check_callback_url(env, callback_url)
    tenant = tenants.tenant(env, tenant_id)
    secret = secret_of(env, tenant_id, tenant.sealed_secret)
    masked = secrets.masked(secret)
    sealed = base64.b64encode(tenant.sealed_secret).decode()
    if not tenant.secret_shown and _set_first(env, tenant_id, callback_url, _guards(key, _SHOWN + sealed)):
        return ConfiguredEndpoint(callback_url, secret, masked)
    missing = NotFoundError(f"There is no tenant {tenant_id}.")
    change = update(keys.tenant(tenant_id), _set(callback_url), Record.pk.exists(), missing)
    _commit(env, tenant_id, callback_url, _guards(key, _MASKED + masked), change)
    return ConfiguredEndpoint(callback_url, None, masked)


def first_answer(env: Environment, tenant_id: str, callback_url: str, object_id: str) -> ConfiguredEndpoint:
    """Return what a request with an idempotency key was answered first, whatever the secret is now.

    Args:
        env: the environment.
        tenant_id: the tenant that asks, and that asked.
        callback_url: what both requests asked for.
        object_id: what the key's guard keeps.
    """
    if object_id.startswith(_MASKED):
        return ConfiguredEndpoint(callback_url, None, object_id.removeprefix(_MASKED))
    secret = secret_of(env, tenant_id, base64.b64decode(object_id.removeprefix(_SHOWN)))
    return ConfiguredEndpoint(callback_url, secret, secrets.masked(secret))


def secret_of(env: Environment, tenant_id: str, sealed_secret: bytes) -> str:
    """Return a tenant's webhook secret, ``sec_`` and base64, from its sealed form."""
    return secrets.open_sealed(sealed_secret, {SECRETS_KEY_VERSION: env.settings.secrets_key}, tenant_id)


def _set_first(env: Environment, tenant_id: str, callback_url: str, guards: Sequence[Write]) -> bool:
    """Set the URL if the secret was never shown, and return whether it is this call that shows it."""
    call = uuid.uuid4().hex
    actions = [*_set(callback_url), TenantRecord.secret_shown.set(True), TenantRecord.secret_shown_to.set(call)]
    try:
        _commit(env, tenant_id, callback_url, guards, update(keys.tenant(tenant_id), actions, _never_shown()))
    except ConflictError:  # a twin was faster, or this very write was, when botocore sent it again
        return tenants.tenant(env, tenant_id).secret_shown_to == call
    except StorageUnavailableError:  # it may have been done, and nobody else would ever show the secret
        if tenants.tenant(env, tenant_id).secret_shown_to != call:
            raise
    return True


def _commit(env: Environment, tenant_id: str, callback_url: str, guards: Sequence[Write], change: Write) -> None:
    # A receiver that said 410 Gone is called again once its URL is set anew.
    env.store.commit(*guards, change, delete(keys.stopped_target(tenant_id, callback_url)))
    env.keep(TenantDirectory).forget(tenant_id)


def _guards(key: IdempotencyKey | None, object_id: str) -> list[Write]:
    return [key.guard_write(object_id)] if key else []


def _never_shown() -> Condition:
    shown = TenantRecord.secret_shown
    never = shown.does_not_exist() | (shown == False)  # noqa: E712 -- an expression of DynamoDB's
    condition: Condition = TenantRecord.pk.exists() & never
    return condition


def _set(callback_url: str) -> list[Action]:
    return [TenantRecord.callback_url.set(callback_url), TenantRecord.callback_stopped.set(False)]
