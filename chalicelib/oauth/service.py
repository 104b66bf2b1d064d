"""Applications and tokens: the use cases."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.environment import Environment
from chalicelib.errors import InvalidStateError, NotFoundError
from chalicelib.oauth import revocations, scopes, tokens
from chalicelib.oauth.records import ApplicationCounter, ApplicationRecord, ClientRecord
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Raw, Record
from chalicelib.storage.unit_of_work import Write, create, delete, update

APPLICATIONS_LIMIT = 25


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application just created, with the secret that is shown this once."""

    record: ApplicationRecord
    client_secret: str


def application_writes(
    env: Environment,
    tenant_id: str,
    name: str,
    granted: tuple[str, ...],
    key: IdempotencyKey | None = None,
) -> tuple[NewApplication, list[Write]]:
    """Prepare a new application: what it will be, and the writes that make it so.

    Args:
        env: the environment.
        tenant_id: whose it becomes.
        name: for people.
        granted: the scopes that it may ask for.
        key: the request's idempotency key; the secret is then derived, so that a replay can show it.
    """
    number = env.store.add(keys.application_counter(tenant_id), "next_id", 1)
    secret = derived_secret(env, tenant_id, number, key.text) if key else secrets.token_urlsafe(32)
    client_id = _client_id(env, tenant_id, number)
    pk, sk = keys.application(tenant_id, number)
    record = ApplicationRecord(
        pk=pk, sk=sk, name=name, client_id=client_id, scopes=" ".join(granted), created_at=int(env.clock.now())
    )
    client_pk, client_sk = keys.client(client_id)
    client = ClientRecord(
        pk=client_pk,
        sk=client_sk,
        tenant_id=tenant_id,
        application_id=number,
        secret_hash=secret_hash(env, secret),
        scopes=record.scopes,
    )
    full = InvalidStateError(f"A tenant has at most {APPLICATIONS_LIMIT} applications; delete one first.")
    living = ApplicationCounter.living
    count = update(
        keys.application_counter(tenant_id),
        [living.add(1)],
        living.does_not_exist() | (living < APPLICATIONS_LIMIT),
        full,
    )
    guards = [key.guard_write(str(number))] if key else []
    return NewApplication(record, secret), [*guards, count, create(record), create(client)]


def create_application(
    env: Environment, tenant_id: str, name: str, granted: tuple[str, ...], key: IdempotencyKey | None = None
) -> NewApplication:
    """Create an application.

    Raises:
        InvalidStateError: the tenant has as many as it may.
    """
    application, writes = application_writes(env, tenant_id, name, granted, key)
    env.store.commit(*writes)
    return application


def list_applications(env: Environment, tenant_id: str) -> list[ApplicationRecord]:
    """Return a tenant's applications, oldest first."""
    only_numbers = Record.sk < "counter"
    pk = keys.application(tenant_id, 0).pk
    return list(env.store.query_all(ApplicationRecord, pk, only_numbers))


def application(env: Environment, tenant_id: str, number: int) -> ApplicationRecord:
    """Return one application of a tenant.

    Raises:
        NotFoundError: the tenant has no such application.
    """
    found = env.store.get(ApplicationRecord, keys.application(tenant_id, number))
    if found is None:
        raise NotFoundError("There is no such application.")
    return found


def delete_application(env: Environment, tenant_id: str, number: int) -> None:
    """Delete an application; its tokens stop within 30 seconds.

    Raises:
        NotFoundError: the tenant has no such application.
        InvalidStateError: it is the tenant's last one.
    """
    client_id = application(env, tenant_id, number).client_id
    living = ApplicationCounter.living
    last = InvalidStateError("The last application cannot be deleted; create another one first.")
    gone = NotFoundError("There is no such application.")
    env.store.commit(
        delete(keys.application(tenant_id, number), Record.pk.exists(), gone),
        delete(keys.client(client_id)),
        update(keys.application_counter(tenant_id), [living.add(-1)], living > 1, last),
        revocations.client_revocation(env, client_id),
    )
    revocations.note_client(env, client_id)


def read_client(env: Environment, client_id: str, *beside: Key) -> tuple[ClientRecord | None, dict[Key, Raw]]:
    """Read a client, if there is one, and in the same call other items that the answer needs."""
    found = env.store.get_raw([keys.client(client_id), *beside])
    item = found.pop(keys.client(client_id), None)
    return (ClientRecord.of_raw(item) if item else None), found


def check_client(env: Environment, client_id: str, client_secret: str) -> ClientRecord | None:
    """Return the client when its secret is right, else None."""
    return check_secret(env, read_client(env, client_id)[0], client_secret)


def check_secret(env: Environment, record: ClientRecord | None, client_secret: str) -> ClientRecord | None:
    """Return the client when its secret is right, else None; the work is the same whatever was wrong."""
    expected = record.secret_hash if record else secret_hash(env, "no such client")
    right = hmac.compare_digest(expected, secret_hash(env, client_secret))
    return record if record and right else None


def grant(env: Environment, client_id: str, client: ClientRecord, scope: str | None) -> tuple[str, str]:
    """Issue an access token by the client credentials grant (RFC 6749, section 4.4).

    Returns:
        The token and its scopes, separated by spaces.

    Raises:
        InvalidScopeError: the application may not ask for that.
    """
    granted = scopes.requested(scope, frozenset(client.scopes.split()))
    return tokens.issue(env, client.tenant_id, client_id, client.application_id, granted), " ".join(granted)


def secret_hash(env: Environment, secret: str) -> str:
    """Return the keyed hash that a client secret is stored as."""
    return hmac.new(env.settings.pepper, secret.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def derived_secret(env: Environment, tenant_id: str, number: int, idempotency_key: str) -> str:
    """Return the secret of an application that was created with an idempotency key."""
    return _derived(env, f"secret|{tenant_id}|{number}|{idempotency_key}")


def _client_id(env: Environment, tenant_id: str, number: int) -> str:
    """Return an id that cannot be guessed from another one, the same for the same application."""
    return "c_" + _derived(env, f"client|{tenant_id}|{number}")[:24].replace("-", "x").replace("_", "y")


def _derived(env: Environment, purpose: str) -> str:
    digest = hmac.new(env.settings.pepper, purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
