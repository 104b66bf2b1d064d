"""Who may call: the Authorization header, the token's checks, scopes."""

import base64
import json

import jwt
import pytest

from chalicelib import environment
from tests.support.client import Answer, ApiClient
from tests.support.settings import ISSUER, make_settings, public_key, signing_key
from tests.support.tokens import token_for


def refused(answer: Answer, error: str | None = "invalid_token") -> None:
    assert (answer.status, answer.code) == (401, "authentication_failed"), answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="sluice"')
    assert (f'error="{error}"' in challenge) if error else ("error" not in challenge)


def b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def signed(claims: dict, key_id: str = "key-1", headers: dict | None = None) -> str:
    key = jwt.PyJWK(signing_key(key_id)).key
    return jwt.encode(claims, key, "ES256", headers={"kid": key_id, **(headers or {})})


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Token abc", "bearerx y"])
def test_no_token(anyone: ApiClient, header):
    headers = {} if header is None else {"Authorization": header}
    refused(anyone.get("/user/me/", headers=headers), error=None)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_case_does_not_count(anyone: ApiClient, token, scheme):
    assert anyone.get("/user/me/", headers={"authorization": f"{scheme} {token}"}).status == 200


@pytest.mark.parametrize(
    "nonsense",
    ["x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "\ud800", "." * 99, b64(b"[" * 6000) + ".e30.x", b64(b"\xff") + ".."]
    + [f"{b64({'alg': 'ES256', 'kid': kid})}.e30.x" for kid in (["key-1"], {"a": 1}, None, 7, "unknown")],
)
def test_nonsense(anyone: ApiClient, nonsense):
    refused(anyone.with_token(nonsense).get("/user/me/"))


def test_a_changed_token(anyone: ApiClient, token):
    head, body, signature = token.split(".")
    other_body = b64({**claims_of(token), "scope": "read write admin"})
    flipped = ("A" if signature[9] != "A" else "B").join([signature[:9], signature[10:]])
    for changed in (f"{head}.{other_body}.{signature}", f"{head}.{body}.{flipped}", f"{head}.{body}."):
        refused(anyone.with_token(changed).get("/user/me/"))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_a_token_without_a_signature(anyone: ApiClient, token, algorithm):
    unsigned = f"{b64({'alg': algorithm, 'typ': 'JWT', 'kid': 'key-1'})}.{b64(claims_of(token))}."
    refused(anyone.with_token(unsigned).get("/user/me/"))


def test_the_public_key_is_no_shared_secret(anyone: ApiClient, token):
    pem = jwt.PyJWK(public_key()).key.public_bytes(*pem_of())
    head, body = b64({"alg": "HS256", "typ": "JWT", "kid": "key-1"}), b64(claims_of(token))
    for secret in (pem, json.dumps(public_key()).encode()):
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
            f"{head}.{body}".encode(), secret
        )
        refused(anyone.with_token(f"{head}.{body}.{b64(mac)}").get("/user/me/"))


def pem_of():
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return Encoding.PEM, PublicFormat.SubjectPublicKeyInfo


@pytest.mark.parametrize(
    "wrong",
    [{"iss": "https://other.example"}, {"aud": "https://other.example"}, {"aud": [ISSUER + "x"]}],
)
def test_another_issuer_or_audience(anyone: ApiClient, token, wrong):
    refused(anyone.with_token(signed({**claims_of(token), **wrong})).get("/user/me/"))


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub", "jti", "tid", "app", "scope"])
def test_a_claim_that_is_missing(anyone: ApiClient, token, claim):
    claims = {name: value for name, value in claims_of(token).items() if name != claim}
    refused(anyone.with_token(signed(claims)).get("/user/me/"))


def test_a_key_that_is_not_ours_under_an_id_of_ours(anyone: ApiClient, token):
    forged = signed(claims_of(token), "key-of-somebody-else", {"kid": "key-1"})
    refused(anyone.with_token(forged).get("/user/me/"))
    carried = signed(claims_of(token), "key-of-somebody-else", {"jwk": public_key("key-of-somebody-else")})
    refused(anyone.with_token(carried).get("/user/me/"))


def test_two_public_keys_live_during_a_rotation(anyone: ApiClient, another_process, tenant):
    both = {"keys": [public_key("key-1"), public_key("key-2")]}
    rotated = another_process(
        settings=make_settings(token_public_keys=both, token_signing_key=signing_key("key-2"))
    )
    environment.provide(lambda: rotated)
    old, new = token_for(another_process(), tenant), token_for(rotated, tenant)
    assert jwt.get_unverified_header(new)["kid"] == "key-2"
    assert [anyone.with_token(token).get("/user/me/").status for token in (old, new)] == [200, 200]
    shown = anyone.get("/.well-known/jwks.json").json
    assert [key["kid"] for key in shown["keys"]] == ["key-1", "key-2"]
    assert not any("d" in key for key in shown["keys"]), "a private key never leaves"


def test_a_token_lasts_ten_hours_by_our_clock(anyone: ApiClient, token, clock):
    clock.advance(35_999)
    assert anyone.with_token(token).get("/user/me/").status == 200
    clock.advance(1)
    refused(anyone.with_token(token).get("/user/me/"))


def test_a_token_from_the_future(anyone: ApiClient, token, clock):
    clock.advance(-61)
    refused(anyone.with_token(token).get("/user/me/"))


@pytest.mark.parametrize("scopes", [("read",), ("write",), ("admin",), ("write", "admin")])
def test_a_route_needs_all_its_scopes(anyone: ApiClient, env, tenant, scopes):
    answer = anyone.with_token(token_for(env, tenant, *scopes)).get("/user/me/")
    assert (answer.status, answer.code) == (403, "permission_denied")
    assert answer.json["error"]["details"] == {"required_scopes": ["read", "write"], "token_scopes": list(scopes)}
    assert 'error="insufficient_scope", scope="read write"' in answer.headers["www-authenticate"]


def test_one_scope_is_enough_where_one_is_needed(anyone: ApiClient, env, tenant):
    read, write = (anyone.with_token(token_for(env, tenant, scope)) for scope in ("read", "write"))
    assert read.get("/rates/", query={"currency_to": "BTC"}).code == "rates_unavailable"
    assert write.get("/rates/", query={"currency_to": "BTC"}).code == "permission_denied"
    hook = {"callback_url": "https://your-site.com/webhook"}
    assert [caller.post("/user/webhooks/", hook).status for caller in (read, write)] == [403, 200]


def test_authentication_costs_no_call_on_the_warm_path(client: ApiClient, aws_calls, clock):
    client.get("/currencies/")
    aws_calls.made.clear()
    clock.advance(19)
    assert [client.get("/currencies/").status for _ in range(5)] == [200] * 5
    assert aws_calls.made == []
