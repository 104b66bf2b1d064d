"""``POST /o/token/``: the client credentials grant and every refusal of RFC 6749."""

import base64
import json
from urllib.parse import quote_plus

import jwt
import pytest

from chalicelib import environment
from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.client import Answer, ApiClient
from tests.support.settings import ISSUER, make_settings

GRANT = {"grant_type": "client_credentials"}


def credentials(tenant: NewTenant) -> dict[str, str]:
    return {**GRANT, "client_id": tenant.client_id, "client_secret": tenant.client_secret}


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def refused(answer: Answer, status: int, error: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, error), answer.text
    assert set(answer.json) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_gets_a_token(anyone: ApiClient, tenant: NewTenant):
    answer = anyone.post("/o/token/", form=credentials(tenant))
    assert answer.status == 200
    assert {**answer.json, "access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 36000,
        "scope": "read write",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert anyone.with_token(answer.json["access_token"]).get("/user/me/").status == 200


def test_json_gets_a_token(anyone: ApiClient, tenant: NewTenant):
    assert anyone.post("/o/token/", credentials(tenant)).status == 200
    assert anyone.post("/o/token", raw=json.dumps(credentials(tenant)), headers={"Content-Type": ""}).status == 200


def test_http_basic_gets_a_token(anyone: ApiClient, tenant: NewTenant):
    header = basic(tenant.client_id, tenant.client_secret)
    assert anyone.post("/o/token/", form=GRANT, headers=header).status == 200
    assert anyone.post("/o/token/", GRANT, headers=header).status == 200


def test_the_token_says_who_and_what_but_no_secret(anyone: ApiClient, env: Environment, tenant: NewTenant):
    token = anyone.post("/o/token/", credentials(tenant)).json["access_token"]
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "key-1", "typ": "at+jwt"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert {name: claims[name] for name in ("iss", "aud", "sub", "tid", "app", "scope")} == {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": tenant.client_id,
        "tid": tenant.tenant_id,
        "app": 1,
        "scope": "read write",
    }
    assert claims["exp"] - claims["iat"] == 36000
    assert claims["iat"] == int(env.clock.now())


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("read", "read"), ("write read", "read write"), ("admin", "admin"), ("admin read write", "read write admin")],
)
def test_any_combination_of_scopes_that_the_application_has(anyone: ApiClient, env: Environment, asked, granted):
    tenant = create_tenant(env, "Admin", admin=True)
    answer = anyone.post("/o/token/", form={**credentials(tenant), "scope": asked})
    assert answer.json["scope"] == granted


def test_admin_comes_only_when_asked_for(anyone: ApiClient, env: Environment):
    tenant = create_tenant(env, "Admin", admin=True)
    assert anyone.post("/o/token/", form=credentials(tenant)).json["scope"] == "read write"


@pytest.mark.parametrize("scope", ["admin", "read admin", "everything", "read  write", "READ", " ", "read,write"])
def test_a_scope_that_is_not_to_be_had(anyone: ApiClient, tenant: NewTenant, scope):
    refused(anyone.post("/o/token/", form={**credentials(tenant), "scope": scope}), 400, "invalid_scope")


@pytest.mark.parametrize("grant", ["password", "authorization_code", "CLIENT_CREDENTIALS"])
def test_another_grant(anyone: ApiClient, tenant: NewTenant, grant):
    answer = anyone.post("/o/token/", form={**credentials(tenant), "grant_type": grant})
    refused(answer, 400, "unsupported_grant_type")


def test_no_grant(anyone: ApiClient, tenant: NewTenant):
    sent = {name: value for name, value in credentials(tenant).items() if name != "grant_type"}
    refused(anyone.post("/o/token/", form=sent), 400, "invalid_request")


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "wrong"},
        {"client_secret": ""},
        {"client_id": "c_unknown"},
        {"client_id": ""},
        {"client_id": "c_" + "x" * 100},
        {"client_id": "ünknown"},
        {"client_secret": "s" * 10_000},
    ],
)
def test_wrong_credentials_are_all_refused_alike(anyone: ApiClient, tenant: NewTenant, wrong):
    answer = anyone.post("/o/token/", form={**credentials(tenant), **wrong})
    refused(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="sluice"'
    assert answer.json["error_description"] == "The client credentials are not valid."


def test_an_unknown_client_costs_what_a_wrong_secret_costs(
    anyone: ApiClient, tenant: NewTenant, aws_calls, another_process
):
    environment.provide(lambda: another_process(settings=make_settings(rate_limits=True)))
    work = []
    for wrong in ({"client_secret": "wrong"}, {"client_id": "c_unknown"}):
        aws_calls.made.clear()
        anyone.post("/o/token/", form={**credentials(tenant), **wrong})
        work.append(list(aws_calls.made))
    assert work[0] == work[1] == ["TransactWriteItems", "BatchGetItem"]


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode()])
def test_http_basic_that_cannot_be_read(anyone: ApiClient, tenant: NewTenant, header):
    refused(anyone.post("/o/token/", form=GRANT, headers={"Authorization": header}), 401, "invalid_client")


def test_credentials_in_two_ways_at_once(anyone: ApiClient, tenant: NewTenant):
    header = basic(tenant.client_id, tenant.client_secret)
    refused(anyone.post("/o/token/", form=credentials(tenant), headers=header), 400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("a=1&a=2", "application/x-www-form-urlencoded"),
        ("nonsense", "application/x-www-form-urlencoded"),
        ("a=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        ("{", "application/json"),
        ("[]", "application/json"),
        ('{"grant_type": 1}', "application/json"),
        ('{"scope": 1.5}', "application/json"),
        ('{"a": "1", "a": "2"}', "application/json"),
        ("<a/>", "application/xml"),
        ("a=1", "text/plain"),
    ],
)
def test_a_request_that_cannot_be_read(anyone: ApiClient, body, content_type):
    answer = anyone.post("/o/token/", raw=body, headers={"Content-Type": content_type})
    refused(answer, 400, "invalid_request")


def test_no_body_at_all_is_no_client(anyone: ApiClient):
    refused(anyone.post("/o/token/", form={}), 401, "invalid_client")
    refused(anyone.post("/o/token/"), 400, "invalid_request")


def test_other_methods_are_answered_in_the_envelope(anyone: ApiClient):
    assert anyone.get("/o/token/").code == "method_not_allowed"
