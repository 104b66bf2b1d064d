"""OAuth over HTTP: tokens, revocation, applications, public keys."""

from typing import cast

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.clock import iso
from chalicelib.errors import AuthenticationFailedError, InvalidStateError, NotFoundError
from chalicelib.oauth import access, credentials, revocations, service, throttle, tokens
from chalicelib.oauth.credentials import OAuthError
from chalicelib.oauth.records import ApplicationRecord, ClientRecord
from chalicelib.oauth.schemas import (
    Application,
    CreateApplication,
    CreatedApplication,
    KeySet,
    PublicKey,
    RevocationRequest,
    Scope,
    TokenAnswer,
    TokenRequest,
)
from chalicelib.oauth.scopes import DEFAULT, InvalidScopeError, ordered

routes = Routes("OAuth", __name__)


@routes.post(
    "/o/token", body=TokenRequest, answer=TokenAnswer, scopes=None, reads_any_body=True, errors=(OAuthError,)
)
def get_token(call: Call) -> TokenAnswer:
    """Get an access token with client credentials."""
    sent = credentials.parameters(call.headers, call.raw_body)
    client_id, client = _client(call, sent)
    if sent.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type" if sent.get("grant_type") else "invalid_request", _GRANT)
    try:
        token, scope = service.grant(call.env, client_id, client, sent.get("scope"))
    except InvalidScopeError as error:
        raise OAuthError("invalid_scope", f"Not to be had: {error}.") from None
    call.answer_headers["Cache-Control"] = "no-store"
    return TokenAnswer(access_token=token, expires_in=tokens.LIFETIME_SECONDS, scope=scope)


_GRANT = "Send grant_type=client_credentials."


@routes.post("/o/revoke_token", body=RevocationRequest, scopes=None, reads_any_body=True, errors=(OAuthError,))
def revoke_token(call: Call) -> None:
    """Stop an access token of your own (RFC 7009); it ends within 30 seconds."""
    sent = credentials.parameters(call.headers, call.raw_body)
    client_id, _ = _client(call, sent)
    if not sent.get("token"):
        raise OAuthError("invalid_request", "Send the token that shall be stopped.")
    try:
        claims = tokens.verify(call.env, sent["token"], allow_expired=True)
    except AuthenticationFailedError:
        return  # RFC 7009, section 2.2: an invalid token is as good as revoked
    if claims.client_id == client_id:
        revocations.revoke_token(call.env, claims)


def _client(call: Call, sent: dict[str, str]) -> tuple[str, ClientRecord]:
    client_id, client_secret = credentials.client_credentials(call.headers, sent)
    counters = throttle.count_token_request(call.env, client_id, call.source_address)
    record, counted = service.read_client(call.env, client_id, *(counter.key for counter in counters))
    call.answer_headers.update(throttle.fields(counters, counted))
    client = service.check_secret(call.env, record, client_secret)
    if client is None:
        raise credentials.invalid_client()
    return client_id, client


@routes.get("/.well-known/jwks.json", answer=KeySet, scopes=None)
def get_public_keys(call: Call) -> KeySet:
    """Get the public keys of access tokens."""
    keys = call.env.settings.token_public_keys["keys"]
    return KeySet(keys=[PublicKey(kid=key["kid"], x=key["x"], y=key["y"]) for key in keys])


@routes.get("/o/apps", answer=list[Application])
def list_applications(call: Call) -> list[Application]:
    """List the tenant's applications."""
    return [_shown(record) for record in service.list_applications(call.env, call.tenant_id)]


def _replay(call: Call, object_id: str) -> CreatedApplication:
    assert call.idempotency is not None, "replays happen on keys"
    record = service.application(call.env, call.tenant_id, int(object_id))
    secret = service.derived_secret(call.env, call.tenant_id, int(object_id), call.idempotency.text)
    return _created(record, secret)


@routes.post(
    "/o/apps",
    status=201,
    body=CreateApplication,
    answer=CreatedApplication,
    replay=_replay,
    errors=(InvalidStateError,),
)
def create_application(call: Call) -> CreatedApplication:
    """Create an application; its secret is shown this once."""
    wanted = ordered(set(call.body.scopes or DEFAULT))
    if not set(wanted) <= set(call.caller.scopes):
        raise access.lacking(wanted, call.caller.scopes)
    created = service.create_application(call.env, call.tenant_id, call.body.name, wanted, call.idempotency)
    return _created(created.record, created.client_secret)


@routes.delete("/o/apps/{id}", status=204, errors=(NotFoundError, InvalidStateError))
def delete_application(call: Call) -> None:
    """Delete an application; its tokens stop within 30 seconds."""
    number = call.path["id"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004 -- ids have nine digits
        raise NotFoundError("There is no such application.")
    service.delete_application(call.env, call.tenant_id, int(number))


def _shown(record: ApplicationRecord) -> Application:
    return Application(
        id=int(record.sk),
        name=record.name,
        client_id=record.client_id,
        scopes=cast("list[Scope]", record.scopes.split()),
        created=iso(record.created_at),
    )


def _created(record: ApplicationRecord, client_secret: str) -> CreatedApplication:
    shown = _shown(record)
    return CreatedApplication(
        id=shown.id,
        name=shown.name,
        client_id=shown.client_id,
        scopes=shown.scopes,
        created=shown.created,
        client_secret=client_secret,
    )
