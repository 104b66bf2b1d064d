"""Merchants: created and steered by the operator, their webhooks by themselves."""

import re
import secrets as random_source
from dataclasses import dataclass
from fractions import Fraction

from pynamodb.expressions.update import Action

from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.ledger.parts import MOST_PARTS
from chalicelib.oauth import service as oauth
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import create, update
from chalicelib.tenants.records import TenantEntry, TenantRecord
from chalicelib.tenants.settings import TenantDirectory
from chalicelib.webhooks import secrets

DEFAULT_FEE_PERCENT = "1.0"
DEFAULT_TOLERANCE_PERCENT = "0.5"
_PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A merchant just created, with its first application's credentials (the secret is shown this once)."""

    tenant_id: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]


def create_tenant(
    env: Environment,
    name: str,
    *,
    transaction_fee: str = DEFAULT_FEE_PERCENT,
    is_fee_paid_by_user: bool = False,
    admin: bool = False,
) -> NewTenant:
    """Create a merchant, its webhook secret and its first application, all at once.

    Args:
        env: the environment.
        name: the company's name.
        transaction_fee: per cent of payments, as decimal text.
        is_fee_paid_by_user: whether its customers pay the fee on top.
        admin: whether its first application may ask for the scope ``admin``.

    Raises:
        InvalidRequestError: the name is empty or too long, the fee no percentage.
    """
    if not 0 < len(name) <= 100:  # noqa: PLR2004 -- the API's limit of names
        raise InvalidRequestError("A tenant's name has 1 to 100 characters.")
    tenant_id = f"t_{random_source.token_hex(8)}"
    pk, sk = keys.tenant(tenant_id)
    record = TenantRecord(
        pk=pk,
        sk=sk,
        name=name,
        transaction_fee=percent(transaction_fee),
        tolerance_percent=DEFAULT_TOLERANCE_PERCENT,
        is_fee_paid_by_user=is_fee_paid_by_user,
        sealed_secret=secrets.seal(secrets.new_secret(), env.settings.secrets_key, tenant_id),
        created_at=int(env.clock.now()),
    )
    entry_pk, entry_sk = keys.tenant_entry(tenant_id)
    granted = ("read", "write", "admin") if admin else ("read", "write")
    application, writes = oauth.application_writes(env, tenant_id, "First application", granted)
    env.store.commit(create(record), create(TenantEntry(pk=entry_pk, sk=entry_sk, name=name)), *writes)
    return NewTenant(tenant_id, application.record.client_id, application.client_secret, granted)


def tenant(env: Environment, tenant_id: str) -> TenantRecord:
    """Return a merchant as stored now.

    Raises:
        NotFoundError: there is no such merchant.
    """
    record = env.store.get(TenantRecord, keys.tenant(tenant_id))
    if record is None:
        raise NotFoundError(f"There is no tenant {tenant_id}.")
    return record


def list_tenants(env: Environment) -> list[TenantEntry]:
    """Return every merchant's line."""
    return list(env.store.query_all(TenantEntry, "TENANTS"))


def change(env: Environment, tenant_id: str, *actions: Action) -> None:
    """Change a merchant's settings; every process follows within seconds.

    Raises:
        NotFoundError: there is no such merchant.
    """
    missing = NotFoundError(f"There is no tenant {tenant_id}.")
    env.store.commit(update(keys.tenant(tenant_id), list(actions), Record.pk.exists(), missing))
    env.keep(TenantDirectory).forget(tenant_id)


def set_balance_parts(env: Environment, tenant_id: str, parts: str) -> None:
    """Split a merchant's master account into more parts; it never goes back to fewer: money may lie in each.

    Raises:
        InvalidRequestError: no number from 1 to ``MOST_PARTS``, or fewer than there are.
        NotFoundError: there is no such merchant.
    """
    if not (parts.isascii() and parts.isdigit() and 1 <= int(parts) <= MOST_PARTS):
        raise InvalidRequestError(f"A master account has 1 to {MOST_PARTS} parts.")
    tenant(env, tenant_id)
    wanted, now = int(parts), TenantRecord.balance_parts
    grows = Record.pk.exists() & (now.does_not_exist() | (now <= wanted))
    fewer = InvalidRequestError("A master account's parts may become more, never fewer.")
    env.store.commit(update(keys.tenant(tenant_id), [now.set(wanted)], grows, fewer))
    env.keep(TenantDirectory).forget(tenant_id)


def percent(text: str) -> str:
    """Read a percentage below 100 with at most four decimals.

    Raises:
        InvalidRequestError: it is none.
    """
    if not _PERCENT.fullmatch(text) or not 0 <= Fraction(text) < 100:  # noqa: PLR2004 -- per cent
        raise InvalidRequestError("A percentage is a plain decimal from 0 to below 100, at most 4 decimals.")
    return text
