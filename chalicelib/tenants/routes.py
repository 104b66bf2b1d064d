"""The tenant over HTTP."""

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.api.fields import number
from chalicelib.money import plain_number
from chalicelib.tenants import service
from chalicelib.tenants.schemas import TenantInfo
from chalicelib.webhooks import endpoints, secrets

routes = Routes("User Information", __name__)


@routes.get("/user/me", answer=TenantInfo)
def get_tenant_info(call: Call) -> TenantInfo:
    """Get the tenant's own settings, as they stand now."""
    tenant = service.tenant(call.env, call.tenant_id)
    secret = endpoints.secret_of(call.env, call.tenant_id, tenant.sealed_secret)
    return TenantInfo(
        name=tenant.name,
        transaction_fee=number(format(plain_number(tenant.transaction_fee), "f")),
        is_fee_paid_by_user=tenant.is_fee_paid_by_user,
        tolerance_percent=number(format(plain_number(tenant.tolerance_percent), "f")),
        webhook_callback_url=tenant.callback_url,
        webhook_secret_masked=secrets.masked(secret),
        webhook_stopped=tenant.callback_stopped,
    )
