"""Changing a tenant's webhook secret: the old one signs along for a day, so that no receiver misses a delivery."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import InvalidStateError
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError, update
from chalicelib.tenants import service as tenants
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory
from chalicelib.webhooks import endpoints, secrets

OVERLAP_SECONDS = 24 * 3600
RETIRED_MAX = 4  # what signs along at the most; a header of more signatures serves nobody
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Rotation:
    """A change of secrets.

    Attributes:
        secret: the new one, shown this once.
        overlap_until: Unix seconds until which the one before it signs along.
    """

    secret: str
    overlap_until: int


def rotate(env: Environment, tenant_id: str, key: IdempotencyKey | None = None) -> Rotation:
    """Give a tenant a new webhook secret; every delivery from now on is signed with it and with the old one.

    Every secret that is replaced signs along for its own 24 hours, however often the secret is changed.

    Args:
        env: the environment.
        tenant_id: whose secret.
        key: the request's idempotency key; the secret is then derived from it, so that a replay can show it.

    Raises:
        NotFoundError: there is no such tenant.
        InvalidStateError: four old secrets sign along already; one must run out first.
        AlreadyAnsweredError: a twin with the same key was faster.
        StorageUnavailableError: too many rotations at once.
    """
    pepper = env.settings.pepper
    secret = secrets.derived_secret(pepper, tenant_id, key.text) if key else secrets.new_secret()
    for _ in range(ATTEMPTS):
        until = int(env.clock.now()) + OVERLAP_SECONDS
        try:
            _replace(env, tenants.tenant(env, tenant_id), tenant_id, secret, until, key)
        except ConflictError:  # a twin has changed it meanwhile: its secret is the old one now
            continue
        return Rotation(secret, until)
    raise StorageUnavailableError("this tenant's secret is changed by too many at once")


def first_answer(env: Environment, tenant_id: str, key: IdempotencyKey, object_id: str) -> Rotation:
    """Return what the first request with this key was answered, whatever the secret is now."""
    return Rotation(secrets.derived_secret(env.settings.pepper, tenant_id, key.text), int(object_id))


def signing_keys(env: Environment, tenant_id: str, tenant: TenantRecord) -> list[bytes]:
    """Return the raw keys that sign a delivery now, newest first.

    Args:
        env: the environment.
        tenant_id: whose delivery.
        tenant: as just read: a copy of some seconds ago may not know of the newest secret yet.
    """
    retired = [base64.b64decode(sealed) for sealed, _ in reversed(_living(env, tenant))]
    opened = [endpoints.secret_of(env, tenant_id, sealed) for sealed in (tenant.sealed_secret, *retired)]
    return [secrets.key_of(secret) for secret in opened]


def _replace(
    env: Environment, tenant: TenantRecord, tenant_id: str, secret: str, until: int, key: IdempotencyKey | None
) -> None:
    living = _living(env, tenant)
    if len(living) >= RETIRED_MAX:
        raise InvalidStateError(
            f"{RETIRED_MAX} old secrets sign along already, each for 24 hours; "
            f"the next change is possible at {iso(living[0][1])}."
        )
    actions = [
        TenantRecord.sealed_secret.set(secrets.seal(secret, env.settings.secrets_key, tenant_id)),
        TenantRecord.retired_secrets.set([*living, [base64.b64encode(tenant.sealed_secret).decode(), until]]),
        TenantRecord.secret_shown.set(True),
    ]
    unchanged = TenantRecord.sealed_secret == tenant.sealed_secret
    guards = [key.guard_write(str(until))] if key else []
    env.store.commit(*guards, update(keys.tenant(tenant_id), actions, unchanged))
    env.keep(TenantDirectory).forget(tenant_id)


def _living(env: Environment, tenant: TenantRecord) -> list[Sequence[Any]]:
    """Return the old secrets that still sign along, oldest first."""
    now = env.clock.now()
    return [one for one in tenant.retired_secrets or [] if one[1] > now]
