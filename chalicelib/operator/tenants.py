"""The operator's commands about tenants."""

from argparse import Namespace
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.oauth import service as oauth
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord


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
        "tolerance_percent": tenant.tolerance_percent,
        "is_fee_paid_by_user": tenant.is_fee_paid_by_user,
        "webhook_callback_url": tenant.callback_url,
        "webhook_stopped": tenant.callback_stopped,
        "withdrawals_frozen": tenant.withdrawals_frozen,
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


def set_tolerance(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Change how much less than due still counts as paid.

    Raises:
        InvalidRequestError: no percentage from 0 to below 100.
        NotFoundError: there is no such tenant.
    """
    return _changed(env, asked, TenantRecord.tolerance_percent.set(service.percent(asked.percent)))


def freeze(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let nothing leave a tenant's accounts.

    Raises:
        NotFoundError: there is no such tenant.
    """
    return _changed(env, asked, TenantRecord.withdrawals_frozen.set(True))


def unfreeze(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let a tenant's withdrawals go on.

    Raises:
        NotFoundError: there is no such tenant.
    """
    return _changed(env, asked, TenantRecord.withdrawals_frozen.set(False))


def _changed(env: Environment, asked: Namespace, action: Action) -> dict[str, Any]:
    service.change(env, asked.tenant_id, action)
    return show(env, asked)
