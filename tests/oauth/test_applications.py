"""``/o/apps/``: listing, creating, deleting, and creating once per idempotency key."""

import pytest

from chalicelib import environment
from chalicelib.storage import keys
from chalicelib.tenants.service import create_tenant
from tests.support.client import ApiClient
from tests.support.tokens import token_for

KEY = {"Idempotency-Key": "create-1"}


def credentials_work(client: ApiClient, made: dict) -> bool:
    form = {"grant_type": "client_credentials", "client_id": made["client_id"]}
    return client.post("/o/token/", form={**form, "client_secret": made["client_secret"]}).status == 200


def test_the_list_is_a_bare_array_without_secrets(client, tenant):
    assert client.get("/o/apps/").json == [
        {
            "id": 1,
            "name": "First application",
            "client_id": tenant.client_id,
            "client_type": "confidential",
            "scopes": ["read", "write"],
            "created": "2026-09-21T14:13:20Z",
        }
    ]


def test_a_new_application_works_and_its_secret_is_shown_once(client, aws):
    answer = client.post("/o/apps/", {"name": "Shop"})
    assert answer.status == 201
    assert (answer.json["id"], answer.json["name"], answer.json["scopes"]) == (2, "Shop", ["read", "write"])
    assert credentials_work(client, answer.json)
    assert [application["name"] for application in client.get("/o/apps/").json] == ["First application", "Shop"]
    assert answer.json["client_secret"] not in client.get("/o/apps/").text
    stored = aws.dynamodb.scan(TableName="sluice")["Items"]
    assert answer.json["client_secret"] not in str(stored), "at rest it is a keyed hash"


def test_it_gets_no_scope_that_the_creating_token_lacks(anyone, env):
    tenant = create_tenant(env, "Admin", admin=True)
    plain, admin = (token_for(env, tenant, "read", "write", *more) for more in ((), ("admin",)))
    wanted = {"name": "Boss", "scopes": ["admin", "read"]}
    refused = anyone.with_token(plain).post("/o/apps/", wanted)
    assert (refused.status, refused.code) == (403, "permission_denied")
    assert anyone.with_token(admin).post("/o/apps/", wanted).json["scopes"] == ["read", "admin"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["all"]},
        {"name": "a", "scope": "read"},
    ],
)
def test_a_wrong_body_creates_nothing(client, body):
    answer = client.post("/o/apps/", body)
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert len(client.get("/o/apps/").json) == 1


def test_a_tenant_has_at_most_25(client):
    assert {client.post("/o/apps/", {"name": f"App {n}"}).status for n in range(24)} == {201}
    full = client.post("/o/apps/", {"name": "App 26"})
    assert (full.status, full.code) == (409, "invalid_state")
    assert client.delete("/o/apps/7/").status == 204
    assert client.post("/o/apps/", {"name": "App 26"}).json["id"] == 27, "ids are never used again"


def test_deleting_one_stops_its_credentials_and_its_tokens(client, anyone):
    made = client.post("/o/apps/", {"name": "Shop"}).json
    form = {"grant_type": "client_credentials", **{name: made[name] for name in ("client_id", "client_secret")}}
    its_token = anyone.post("/o/token/", form=form).json["access_token"]
    answer = client.delete(f"/o/apps/{made['id']}/")
    assert (answer.status, answer.text) == (204, "")
    assert anyone.with_token(its_token).get("/user/me/").status == 401
    assert not credentials_work(client, made)


def test_its_tokens_stop_in_other_processes_within_20_seconds(client, env, another_process, clock, tenant):
    environment.provide(lambda: env)
    client.post("/o/apps/", {"name": "Shop"})
    other = another_process()
    environment.provide(lambda: other)
    assert client.get("/user/me/").status == 200
    environment.provide(lambda: env)
    assert client.delete("/o/apps/1/").status == 204
    environment.provide(lambda: other)
    clock.advance(20)
    assert client.get("/user/me/").status == 401


def test_the_last_one_cannot_be_deleted(client):
    refused = client.delete("/o/apps/1/")
    assert (refused.status, refused.code) == (409, "invalid_state")
    assert client.get("/o/apps/").status == 200


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "1.0", "00000000000001", "٣", "1%20", "counter"])
def test_one_that_does_not_exist(client, number):
    client.post("/o/apps/", {"name": "Second"})
    client.delete("/o/apps/2")
    answer = client.delete(f"/o/apps/{number}/")
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_strangers_application_is_answered_as_one_that_does_not_exist(client, anyone, env):
    stranger = anyone.with_token(token_for(env, create_tenant(env, "Stranger")))
    number = [stranger.post("/o/apps/", {"name": "A"}).json["id"] for _ in range(3)][-1]
    foreign, missing = client.delete(f"/o/apps/{number}/"), client.delete("/o/apps/99/")
    assert (foreign.status, foreign.text) == (missing.status, missing.text)
    assert len(stranger.get("/o/apps/").json) == 4


def test_the_same_key_and_body_get_the_first_answer_byte_for_byte(client, clock):
    first = client.post("/o/apps/", raw='{"name": "Shop"}', headers=KEY)
    clock.advance(3_600)
    again = client.post("/o/apps", raw='{ "name":"Shop" }', headers=KEY)
    assert (again.status, again.text) == (201, first.text)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert credentials_work(client, again.json)
    assert len(client.get("/o/apps/").json) == 2


def test_another_body_under_the_same_key_is_a_mismatch(client):
    client.post("/o/apps/", {"name": "Shop"}, headers=KEY)
    answer = client.post("/o/apps/", {"name": "Shop 2"}, headers=KEY)
    assert (answer.status, answer.code) == (422, "idempotency_mismatch")


def test_a_key_belongs_to_its_tenant(client, anyone, env):
    stranger = anyone.with_token(token_for(env, create_tenant(env, "Stranger")))
    first, other = (caller.post("/o/apps/", {"name": "Shop"}, headers=KEY) for caller in (client, stranger))
    assert first.json["client_id"] != other.json["client_id"]
    assert first.json["client_secret"] != other.json["client_secret"]


def test_a_refusal_is_not_remembered(client):
    assert client.post("/o/apps/", {"name": ""}, headers=KEY).status == 400
    assert client.post("/o/apps/", {"name": "Shop"}, headers=KEY).status == 201


def test_a_twin_that_runs_at_the_same_time_gets_the_winners_answer(client, env, tenant, monkeypatch):
    first = client.post("/o/apps/", {"name": "Shop"}, headers=KEY)
    kept = env.store.get
    guard_pk = keys.guard(tenant.tenant_id, "", "").pk

    def blind(record_type, key, **options):
        """Both looked for the guard before either had written it."""
        return None if key.pk == guard_pk else kept(record_type, key, **options)

    monkeypatch.setattr(env.store, "get", blind)
    twin = client.post("/o/apps/", {"name": "Shop"}, headers=KEY)
    assert (twin.status, twin.text, twin.headers["idempotency-replayed"]) == (201, first.text, "true")
    mismatch = client.post("/o/apps/", {"name": "Other"}, headers=KEY)
    assert (mismatch.status, mismatch.code) == (422, "idempotency_mismatch")
    monkeypatch.undo()
    assert len(client.get("/o/apps/").json) == 2


def test_neither_the_key_nor_the_secret_is_stored(client, aws):
    headers = {"Idempotency-Key": "a-very-recognisable-key"}
    secret = client.post("/o/apps/", {"name": "Shop"}, headers=headers).json["client_secret"]
    stored = str(aws.dynamodb.scan(TableName="sluice")["Items"])
    assert "recognisable" not in stored
    assert secret not in stored


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ключ", "a\nb", "a\tb", " x", "x "])
def test_a_key_that_cannot_be_used(client, key):
    answer = client.post("/o/apps/", {"name": "Shop"}, headers={"idempotency-key": key})
    assert (answer.status, answer.code) == (400, "invalid_request")


def test_a_key_of_255_characters_can(client):
    assert client.post("/o/apps/", {"name": "Shop"}, headers={"Idempotency-Key": "k" * 255}).status == 201
