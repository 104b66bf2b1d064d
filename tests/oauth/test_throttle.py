"""At most 30 token requests a minute, for a client and for a source address."""

from chalicelib import environment
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.client import ApiClient
from tests.support.settings import make_settings


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


def test_it_can_be_switched_off_for_tests_that_ask_a_lot(anyone, another_process, tenant):
    environment.provide(lambda: another_process(settings=make_settings(rate_limits=False)))
    assert {ask(anyone, tenant).status for _ in range(35)} == {200}
