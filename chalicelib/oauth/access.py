"""Who calls: from the Authorization header to a tenant and scopes, without a read on the warm path (RFC 6750)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.environment import Environment
from chalicelib.errors import AuthenticationFailedError, PermissionDeniedError
from chalicelib.oauth import tokens
from chalicelib.oauth.revocations import RevocationFeed


@dataclass(frozen=True, slots=True)
class Access:
    """An authenticated caller.

    Attributes:
        tenant_id: the merchant.
        client_id: its application's client.
        application_id: its application's number.
        scopes: what the token may do.
    """

    tenant_id: str
    client_id: str
    application_id: int
    scopes: tuple[str, ...]


def authenticate(env: Environment, headers: Mapping[str, str]) -> Access:
    """Return who calls.

    Args:
        env: the environment.
        headers: the request's headers, lower-case names.

    Raises:
        AuthenticationFailedError: no token, or none that is good.
        ServiceUnavailableError: whether it was revoked cannot be told.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "Send an access token from /o/token/ as 'Authorization: Bearer …'."
        raise AuthenticationFailedError(message, headers={"WWW-Authenticate": 'Bearer realm="sluice"'})
    claims = tokens.verify(env, token.strip())
    if not env.keep(RevocationFeed).demand_live(claims):
        challenge = 'Bearer realm="sluice", error="invalid_token", error_description="revoked"'
        message = "The access token was revoked; get a new one from /o/token/."
        raise AuthenticationFailedError(message, headers={"WWW-Authenticate": challenge})
    return Access(claims.tenant_id, claims.client_id, claims.application_id, claims.scopes)


def demand_scopes(caller: Access, required: Sequence[str]) -> None:
    """Demand that a caller's token has all the scopes that a route needs.

    Raises:
        PermissionDeniedError: it lacks one.
    """
    if not set(required) <= set(caller.scopes):
        raise lacking(required, caller.scopes)


def lacking(required: Sequence[str], had: Sequence[str]) -> PermissionDeniedError:
    """Return the refusal of a token that lacks scopes."""
    details = {"required_scopes": list(required), "token_scopes": list(had)}
    challenge = f'Bearer realm="sluice", error="insufficient_scope", scope="{" ".join(required)}"'
    message = f"This needs the scopes: {' '.join(required)}."
    return PermissionDeniedError(message, details=details, headers={"WWW-Authenticate": challenge})
