"""Request and answer shapes of the OAuth routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Id, Name, Timestamp

Scope = Literal["read", "write", "admin"]


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Client credentials (RFC 6749, section 4.4); also taken as a form, the credentials also as HTTP Basic."""

    grant_type: Literal["client_credentials"]
    client_id: Id | None = None
    client_secret: Annotated[str, Meta(max_length=200)] | None = None
    scope: Annotated[str, Meta(max_length=100, examples=["read write"])] | None = None


class TokenAnswer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An access token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a scheme's name
    expires_in: int
    scope: str


class RevocationRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A token to stop (RFC 7009)."""

    token: Annotated[str, Meta(max_length=4000, examples=["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjXzEifQ.c2lnbmF0dXJl"])]
    token_type_hint: Annotated[str, Meta(examples=["access_token"])] | None = None
    client_id: Id | None = None
    client_secret: Annotated[str, Meta(max_length=200)] | None = None


class CreateApplication(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new application; it gets no scope that the token which creates it lacks."""

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=3)] | None = None


class Application(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An application."""

    id: int
    name: str
    client_id: str
    client_type: Literal["confidential"] = "confidential"
    scopes: list[Scope]
    created: Timestamp


class CreatedApplication(Application, forbid_unknown_fields=True, kw_only=True):
    """An application just created; the secret is shown this once."""

    client_secret: str


class PublicKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One public key (RFC 7518, section 6.2)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: Annotated[
        str, Meta(description="Which of the keys signed: a token's header names it.", examples=["key-1"])
    ]
    x: Annotated[str, Meta(examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"])]
    y: Annotated[str, Meta(examples=["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"])]


class KeySet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The public keys of access tokens (RFC 7517)."""

    keys: list[PublicKey]
