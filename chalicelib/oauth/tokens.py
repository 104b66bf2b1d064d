"""Access tokens: JSON Web Tokens (RFC 7519, RFC 9068) signed with an asymmetric key (ES256).

Only the function behind ``/o/token/`` has the private key; everything else verifies with public ones.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from chalicelib.environment import Environment
from chalicelib.errors import AuthenticationFailedError

ALGORITHM = "ES256"
LIFETIME_SECONDS = 36_000
CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        tenant_id: whose it is.
        client_id: the application's client.
        application_id: the application's number in its tenant.
        scopes: what it may do.
        token_id: ``jti``.
        expires_at: Unix seconds.
    """

    tenant_id: str
    client_id: str
    application_id: int
    scopes: tuple[str, ...]
    token_id: str
    expires_at: int


class PublicKeys:
    """The keys that tokens are verified with, by key id; two live during a rotation."""

    def __init__(self, env: Environment) -> None:
        from jwt import PyJWK  # noqa: PLC0415 -- loads cryptography, which not every function needs

        jwks = env.settings.token_public_keys["keys"]
        self._keys = {jwk["kid"]: PyJWK(jwk, ALGORITHM) for jwk in jwks}

    def get(self, key_id: Any) -> Any:
        """Return the key with that id, or None."""
        return self._keys.get(key_id)


class SigningKey:
    """The private key; loaded on the first token request of the process that may have it."""

    def __init__(self, env: Environment) -> None:
        from jwt import PyJWK  # noqa: PLC0415 -- see above

        jwk = env.settings.token_signing_key
        assert jwk is not None, "only the token function signs"
        self.key_id = jwk["kid"]
        self.key = PyJWK(dict(jwk), ALGORITHM).key


def issue(env: Environment, tenant_id: str, client_id: str, application_id: int, scopes: tuple[str, ...]) -> str:
    """Sign a new token for an application.

    Returns:
        The token; good for ``LIFETIME_SECONDS`` from now.
    """
    import jwt  # noqa: PLC0415 -- see above

    now = int(env.clock.now())
    claims = {
        "iss": env.settings.issuer,
        "aud": env.settings.issuer,
        "sub": client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": uuid.uuid4().hex,
        "tid": tenant_id,
        "app": application_id,
        "scope": " ".join(scopes),
    }
    signing = env.keep(SigningKey)
    return jwt.encode(claims, signing.key, ALGORITHM, headers={"kid": signing.key_id, "typ": "at+jwt"})


def verify(env: Environment, token: str, *, allow_expired: bool = False) -> Claims:
    """Check a token's signature, issuer, audience and time, and return what it says.

    Raises:
        AuthenticationFailedError: it is not ours, not whole, or too old.
    """
    import jwt  # noqa: PLC0415 -- see above

    try:
        said = _signed_claims(env, token)
    except (jwt.InvalidTokenError, ValueError):
        raise _failed("The access token is not valid; get one from /o/token/.") from None
    now = env.clock.now()
    if said["iat"] > now + CLOCK_SKEW_SECONDS or (said["exp"] <= now and not allow_expired):
        raise _failed("The access token has expired; get a new one from /o/token/.")
    scopes = tuple(said["scope"].split())
    return Claims(said["tid"], said["sub"], said["app"], scopes, said["jti"], said["exp"])


def _signed_claims(env: Environment, token: str) -> dict[str, Any]:
    import jwt  # noqa: PLC0415 -- see above

    key = env.keep(PublicKeys).get(jwt.get_unverified_header(token).get("kid"))
    if key is None:
        raise jwt.InvalidTokenError("unknown key")
    # The library would check the times against the machine's clock, not against ours: checked below.
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    options["require"] = ["exp", "iat", "iss", "aud", "sub", "jti", "tid", "app", "scope"]
    issuer = env.settings.issuer
    said: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options=options, audience=issuer, issuer=issuer)
    return said


def _failed(message: str) -> AuthenticationFailedError:
    challenge = f'Bearer realm="sluice", error="invalid_token", error_description="{message}"'
    return AuthenticationFailedError(message, headers={"WWW-Authenticate": challenge})
