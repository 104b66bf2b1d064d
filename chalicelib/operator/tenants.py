"""The operator's commands about tenants."""

from argparse import Namespace
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.oauth import service as oauth
from chalicelib.quotas import table as quotas
from chalicelib.quotas.bucket import DEFAULT, Quota
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord
from chalicelib.withdrawals import guarding

HIGHEST_RATE = 1_000_000


def create(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Make a tenant with its first application; the client secret is shown this once.

    Raises:
        InvalidRequestError: the name or the fee cannot be used.
    """
    made = service.create_tenant(
        env,
        asked.name,
        transaction_fee=asked.transaction_fee,
        is_fee_paid_by_user=asked.fee_paid_by_user,
        admin=asked.admin,
    )
    return {
        "tenant_id": made.tenant_id,
        "client_id": made.client_id,
        "client_secret": made.client_secret,
        "scopes": list(made.scopes),
    }


def list_all(env: Environment, asked: Namespace) -> dict[str, Any]:  # noqa: ARG001 -- commands are called alike
    """List every tenant."""
    return {"tenants": [{"tenant_id": entry.sk, "name": entry.name} for entry in service.list_tenants(env)]}


def show(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Show a tenant's settings and applications, without any secret.

    Raises:
        NotFoundError: there is no such tenant.
    """
    tenant = service.tenant(env, asked.tenant_id)
    applications = oauth.list_applications(env, asked.tenant_id)
    return {
        "tenant_id": asked.tenant_id,
        "name": tenant.name,
        "transaction_fee": tenant.transaction_fee,
        "withdrawal_fee": tenant.withdrawal_fee or tenant.transaction_fee,
        "tolerance_percent": tenant.tolerance_percent,
        "is_fee_paid_by_user": tenant.is_fee_paid_by_user,
        "webhook_callback_url": tenant.callback_url,
        "webhook_stopped": tenant.callback_stopped,
        "withdrawals_frozen": tenant.withdrawals_frozen,
        "balance_parts": tenant.balance_parts,
        "rate_limit": _shown(quotas.bucket(env, asked.tenant_id).quota),
        "created_at": iso(tenant.created_at),
        "applications": [
            {"id": int(application.sk), "client_id": application.client_id, "scopes": application.scopes.split()}
            for application in applications
        ],
    }


def set_fee(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Change the fee of the payments to come.

    Raises:
        InvalidRequestError: no percentage from 0 to below 100.
        NotFoundError: there is no such tenant.
    """
    return _changed(env, asked, TenantRecord.transaction_fee.set(service.percent(asked.percent)))


def set_withdrawal_fee(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Change the fee of the withdrawals to come; ``none``: that of payments.

    Raises:
        InvalidRequestError: no percentage from 0 to below 100.
        NotFoundError: there is no such tenant.
    """
    fee = TenantRecord.withdrawal_fee
    action = fee.remove() if asked.percent == "none" else fee.set(service.percent(asked.percent))
    return _changed(env, asked, action)


def set_tolerance(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Change how much less than due still counts as paid.

    Raises:
        InvalidRequestError: no percentage from 0 to below 100.
        NotFoundError: there is no such tenant.
    """
    return _changed(env, asked, TenantRecord.tolerance_percent.set(service.percent(asked.percent)))


def set_rate_limit(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Change how many requests a tenant may send in a minute, and how many of them at once.

    Raises:
        InvalidRequestError: no whole numbers, or out of bounds.
        NotFoundError: there is no such tenant.
    """
    per_minute = _requests(asked.per_minute, HIGHEST_RATE)
    usual = max(1, per_minute * DEFAULT.burst // DEFAULT.per_minute)
    burst = usual if asked.burst is None else _requests(asked.burst, per_minute)
    quotas.set_quota(env, asked.tenant_id, Quota(per_minute, burst))
    return show(env, asked)


def _requests(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004
        raise InvalidRequestError(f"Requests are a whole number from 1 to {most}.")
    return int(text)


def _shown(quota: Quota) -> dict[str, int]:
    return {"per_minute": quota.per_minute, "burst": quota.burst}


def set_balance_parts(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Split a merchant's master account into more parts, each of which transfers are settled on by itself.

    Raises:
        InvalidRequestError: no number from 1 to 16, or fewer than there are.
        NotFoundError: there is no such tenant.
    """
    service.set_balance_parts(env, asked.tenant_id, asked.parts)
    return show(env, asked)


def freeze(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let nothing leave a tenant's accounts.

    Raises:
        NotFoundError: there is no such tenant.
    """
    guarding.set_frozen(env, asked.tenant_id, is_frozen=True)
    return show(env, asked)


def unfreeze(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let a tenant's withdrawals go on.

    Raises:
        NotFoundError: there is no such tenant.
    """
    guarding.set_frozen(env, asked.tenant_id, is_frozen=False)
    return show(env, asked)


def _changed(env: Environment, asked: Namespace, action: Action) -> dict[str, Any]:
    service.change(env, asked.tenant_id, action)
    return show(env, asked)
