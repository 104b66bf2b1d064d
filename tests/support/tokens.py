"""Access tokens without the detour over HTTP."""

from chalicelib.environment import Environment
from chalicelib.oauth import tokens
from chalicelib.tenants.service import NewTenant


def token_for(env: Environment, tenant: NewTenant, *scopes: str) -> str:
    """An access token of the tenant's first application; ``read write`` unless told otherwise."""
    return tokens.issue(env, tenant.tenant_id, tenant.client_id, 1, scopes or ("read", "write"))
