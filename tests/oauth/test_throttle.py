"""At most 30 token requests a minute, for a client and for a source address."""

import pytest

from chalicelib import environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.client import ApiClient
from tests.support.settings import make_settings


@pytest.fixture(autouse=True)
def limited(anyone, another_process):
    env = another_process(settings=make_settings(rate_limits=True))
    environment.provide(lambda: env)


def ask(client: ApiClient, tenant: NewTenant, secret: str | None = None):
    form = {"grant_type": "client_credentials", "client_id": tenant.client_id}
    return client.post("/o/token/", form={**form, "client_secret": secret or tenant.client_secret})


def test_the_31st_request_of_a_minute_is_refused_and_told_when_to_come_back(anyone, tenant, clock):
    clock.time = 60_000_000_017.0 - (60_000_000_017 % 60) + 17
    assert [ask(anyone, tenant).status for _ in range(30)] == [200] * 30
    answer = ask(anyone, tenant)
    assert (answer.status, answer.json["error"]) == (429, "rate_limit_exceeded")
    assert answer.headers["retry-after"] == "43"
    clock.advance(43)
    assert ask(anyone, tenant).status == 200


def test_wrong_secrets_count_too(anyone, tenant):
    assert {ask(anyone, tenant, "wrong").status for _ in range(30)} == {401}
    assert ask(anyone, tenant).status == 429


def test_a_source_address_has_one_quota_for_all_its_clients(anyone, env, tenant):
    other = create_tenant(env, "Other")
    for _ in range(15):
        ask(anyone, tenant)
        ask(anyone, other)
    assert ask(anyone, create_tenant(env, "Third")).status == 429


def test_what_is_refused_is_not_counted_on_the_other_quota(anyone, env, tenant, clock):
    for _ in range(40):
        ask(anyone, tenant)
    assert ask(anyone, create_tenant(env, "Other")).status == 429, "the address is used up"


def test_every_answer_tells_both_quotas_and_where_they_stand(anyone, env, tenant, clock):
    clock.time -= clock.time % 60 - 20
    assert ask(anyone, tenant).headers["ratelimit-policy"] == '"client";q=30;w=60, "address";q=30;w=60'
    ask(anyone, create_tenant(env, "Other"))
    answer = ask(anyone, tenant, "wrong")
    assert (answer.status, answer.headers["ratelimit"]) == (401, '"client";r=28;t=40, "address";r=27;t=40')
    for _ in range(27):
        answer = ask(anyone, tenant)
    assert answer.headers["ratelimit"] == '"client";r=1;t=40, "address";r=0;t=40'
    refused = ask(anyone, create_tenant(env, "Third"))
    assert (refused.status, refused.headers["ratelimit"]) == (429, '"address";r=0;t=40')
    assert refused.headers["ratelimit-policy"] == '"address";q=30;w=60'


def test_revoking_counts_and_tells_too(anyone, tenant):
    form = {"client_id": tenant.client_id, "client_secret": tenant.client_secret, "token": "x"}
    assert anyone.post("/o/revoke_token/", form=form).headers["ratelimit"].startswith('"client";r=29;')


def test_it_can_be_switched_off_for_tests_that_ask_a_lot(anyone, another_process, tenant):
    environment.provide(lambda: another_process(settings=make_settings(rate_limits=False)))
    answers = [ask(anyone, tenant) for _ in range(35)]
    assert {answer.status for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
