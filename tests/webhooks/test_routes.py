"""``POST /user/webhooks/``: where events go, and the secret that is shown once."""

import pytest

from chalicelib import environment
from chalicelib.errors import InvalidUrlError
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import settings_of
from chalicelib.webhooks import endpoints
from tests.support.client import ApiClient
from tests.support.settings import make_settings
from tests.support.tokens import token_for

URL = "https://your-site.com/webhook"
OTHER = "https://hooks.example:8443/v2?x=1"


def configure(client: ApiClient, url: object = URL):
    return client.post("/user/webhooks/", {"callback_url": url})


def test_the_first_answer_shows_the_secret_and_later_ones_its_end(client):
    first = configure(client).json
    assert (set(first), first["callback_url"]) == ({"callback_url", "secret", "message"}, URL)
    assert "will not be shown again" in first["message"]
    later = configure(client, OTHER).json
    assert (set(later), later["callback_url"]) == ({"callback_url", "masked_secret", "message"}, OTHER)
    assert later["masked_secret"] == "sec_****" + first["secret"][-3:]
    assert client.get("/user/me/").json["webhook_secret_masked"] == later["masked_secret"]


def test_the_secret_shown_is_the_one_that_signs_and_stays_so(client, env, tenant):
    secret = configure(client).json["secret"]
    configure(client, OTHER)
    settings = settings_of(env, tenant.tenant_id)
    assert endpoints.secret_of(env, tenant.tenant_id, settings.sealed_secret) == secret
    assert settings.callback_url == OTHER


def test_of_parallel_first_calls_exactly_one_sees_the_secret(client, env, another_process, tenant, monkeypatch):
    before = service.tenant(env, tenant.tenant_id)
    first = endpoints.configure(env, tenant.tenant_id, URL)
    # The twin read the tenant before the first one wrote.
    monkeypatch.setattr(endpoints.tenants, "tenant", lambda _env, _tenant_id: before)
    twin = endpoints.configure(another_process(), tenant.tenant_id, OTHER)
    assert (first.secret is None, twin.secret is None) == (False, True)
    monkeypatch.undo()
    assert service.tenant(env, tenant.tenant_id).callback_url == OTHER, "the twin's URL counts all the same"


def test_setting_it_anew_lets_deliveries_go_on_that_a_410_stopped(client, env, tenant):
    configure(client)
    service.change(env, tenant.tenant_id, TenantRecord.callback_stopped.set(True))
    assert settings_of(env, tenant.tenant_id).callback_url is None
    configure(client)
    assert settings_of(env, tenant.tenant_id).callback_url == URL
    assert client.get("/user/me/").json["webhook_stopped"] is False


@pytest.mark.parametrize(
    "url",
    [
        "http://your-site.com/webhook",
        "https://your-site.com:444/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://user:secret@your-site.com/",
        "https://shop.private.example/",
        "https://shop.internal/",
        "ftp://your-site.com/",
        "your-site.com/webhook",
        "https://your-site.com/#x",
    ],
)
def test_a_url_that_we_would_never_call_changes_nothing(client, url):
    answer = configure(client, url)
    assert (answer.status, answer.code) == (400, "invalid_url")
    assert list(answer.json["error"]["details"]) == ["callback_url"]
    assert client.get("/user/me/").json["webhook_callback_url"] is None
    assert "secret" in configure(client).json, "nor was the secret spent"


@pytest.mark.parametrize("url", ["", None, 7, "https://your-site.com/" + "x" * 512])
def test_what_is_no_url_is_an_invalid_request(client, url):
    answer = configure(client, url)
    assert (answer.status, answer.code) == (400, "invalid_request")


def test_a_name_that_does_not_resolve_yet_is_accepted(client):
    assert configure(client, "https://coming-soon.test/hook").status == 200


def test_the_sandbox_lets_through_the_local_machine_and_nothing_more(anyone, another_process, tenant):
    local = another_process(settings=make_settings(allow_local_callbacks=True))
    environment.provide(lambda: local)
    client = anyone.with_token(token_for(local, tenant))
    assert configure(client, "http://127.0.0.1:8001/inbox/a").status == 200
    assert configure(client, "https://169.254.169.254/").code == "invalid_url"
    assert configure(client, "https://shop.private.example/").code == "invalid_url"


def test_other_rooms_check_their_urls_by_the_same_rules(env):
    endpoints.check_callback_url(env, URL)
    with pytest.raises(InvalidUrlError) as refused:
        endpoints.check_callback_url(env, "https://10.0.0.1/")
    assert refused.value.details == {"callback_url": ["must name its host, not an IP address"]}


def test_one_tenants_url_is_not_anothers(client, anyone, env):
    stranger = service.create_tenant(env, "Stranger")
    configure(client)
    me = anyone.with_token(token_for(env, stranger)).get("/user/me/").json
    assert me["webhook_callback_url"] is None
