"""Revocation: within 30 seconds everywhere, and never trusted when it cannot be checked."""

import pytest

from chalicelib import environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.client import ApiClient
from tests.support.tokens import token_for


def as_client(tenant: NewTenant, **sent: str) -> dict[str, str]:
    return {"client_id": tenant.client_id, "client_secret": tenant.client_secret, **sent}


def revoke(anyone: ApiClient, tenant: NewTenant, token: str):
    return anyone.post("/o/revoke_token/", form=as_client(tenant, token=token))


def test_a_revoked_token_stops_at_once_in_the_process_that_revoked_it(anyone: ApiClient, tenant, token, env):
    assert anyone.with_token(token).get("/user/me/").status == 200
    answer = revoke(anyone, tenant, token)
    assert (answer.status, answer.text) == (200, "")
    refused = anyone.with_token(token).get("/user/me/")
    assert (refused.status, refused.code) == (401, "authentication_failed")
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert anyone.with_token(token_for(env, tenant)).get("/user/me/").status == 200, "others go on"


def test_it_stops_within_30_seconds_in_every_other_process(anyone, tenant, token, env, another_process, clock):
    other = another_process()
    environment.provide(lambda: other)
    assert anyone.with_token(token).get("/user/me/").status == 200
    environment.provide(lambda: env)
    revoke(anyone, tenant, token)
    environment.provide(lambda: other)
    clock.advance(19)
    assert anyone.with_token(token).get("/user/me/").status == 200, "its copy of the feed is 19 seconds old"
    clock.advance(1)
    assert anyone.with_token(token).get("/user/me/").status == 401


def test_a_feed_that_cannot_be_read_is_trusted_for_30_seconds_and_not_longer(client, aws_calls, clock):
    assert client.get("/currencies/").status == 200
    aws_calls.fail("Query")
    clock.advance(29)
    assert client.get("/currencies/").status == 200
    clock.advance(1)
    answer = client.get("/currencies/")
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert answer.headers["retry-after"] == "5"
    aws_calls.failing.clear()
    assert client.get("/currencies/").status == 200


def test_a_process_that_never_read_the_feed_trusts_nobody(client, aws_calls):
    aws_calls.fail("Query")
    assert client.get("/currencies/").status == 503


def test_the_feed_is_read_at_most_every_20_seconds(client, aws_calls, clock):
    for _ in range(61):
        client.get("/currencies/")
        clock.advance(1)
    assert aws_calls.made.count("Query") == 4


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "é"])
def test_what_is_no_token_is_as_good_as_revoked(anyone, tenant, token):
    assert revoke(anyone, tenant, token).status == 200


def test_an_expired_token_may_be_revoked(anyone, tenant, token, clock):
    clock.advance(40_000)
    assert revoke(anyone, tenant, token).status == 200


def test_nobody_revokes_a_strangers_token(anyone, tenant, token, env):
    stranger = create_tenant(env, "Stranger")
    assert revoke(anyone, stranger, token).status == 200, "nor learns whether it is one"
    assert anyone.with_token(token).get("/user/me/").status == 200


def test_revoking_needs_the_clients_credentials_and_a_token(anyone, tenant):
    wrong = anyone.post("/o/revoke_token/", form={**as_client(tenant, token="x"), "client_secret": "wrong"})
    assert (wrong.status, wrong.json["error"]) == (401, "invalid_client")
    without = anyone.post("/o/revoke_token/", form=as_client(tenant))
    assert (without.status, without.json["error"]) == (400, "invalid_request")
