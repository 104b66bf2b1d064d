"""Changing the webhook secret: what is signed with it, what is shown of it, and what a replay shows again."""

import base64
import hmac

import pytest

from chalicelib.environment import Environment
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.service import NewTenant
from chalicelib.tenants.settings import settings_of
from chalicelib.webhooks import rotation, secrets
from tests.support.client import Answer
from tests.support.tokens import token_for
from tests.support.world import Receiver, World

DAY = 24 * 3600


def rotate(world: World, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return world.client.post("/user/webhooks/rotate-secret/", headers=headers)


def later(world: World, tenant: NewTenant, seconds: float) -> None:
    """Let time pass that a token does not outlive."""
    world.clock.advance(seconds)
    world.client = world.client.with_token(token_for(world.env, tenant))


def secret_of(world: World) -> str:
    answer = rotate(world)
    assert answer.status == 200, answer.text
    return str(answer.json["secret"])


def signed_by(world: World, receiver: Receiver) -> list[str]:
    """Have a test event delivered, and return its signatures."""
    assert world.client.post("/user/webhooks/test/").status == 202
    world.settle()
    return receiver.got[-1][0]["webhook-signature"].split(" ")


def signature(secret: str, receiver: Receiver) -> str:
    headers, body = receiver.got[-1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secrets.key_of(secret), signed, "sha256")).decode()


@pytest.fixture
def first(world: World, receiver: Receiver) -> str:
    return str(world.client.post("/user/webhooks/", {"callback_url": receiver.url}).json["secret"])


def test_the_old_secret_signs_along_for_a_day(
    world: World, tenant: NewTenant, receiver: Receiver, first: str
) -> None:
    second = secret_of(world)
    assert second != first
    assert signed_by(world, receiver) == [signature(second, receiver), signature(first, receiver)]
    later(world, tenant, DAY - 1)
    assert len(signed_by(world, receiver)) == 2
    later(world, tenant, 1)
    assert signed_by(world, receiver) == [signature(second, receiver)]


def test_each_old_secret_has_its_own_day(world: World, tenant: NewTenant, receiver: Receiver, first: str) -> None:
    second = secret_of(world)
    later(world, tenant, DAY // 2)
    third = secret_of(world)
    assert signed_by(world, receiver) == [signature(one, receiver) for one in (third, second, first)]
    later(world, tenant, DAY // 2)
    assert signed_by(world, receiver) == [signature(one, receiver) for one in (third, second)]


def test_a_fifth_change_within_a_day_waits_until_the_oldest_has_run_out(
    world: World, tenant: NewTenant, first: str
) -> None:
    until = [rotate(world).json["old_secret_valid_until"] for _ in range(4)]
    refused = rotate(world)
    assert (refused.status, refused.code) == (409, "invalid_state")
    assert until[0] in refused.json["error"]["message"]
    later(world, tenant, DAY)
    assert rotate(world).status == 200


def test_the_new_secret_is_shown_once(world: World, first: str) -> None:
    second = secret_of(world)
    assert world.client.get("/user/me/").json["webhook_secret_masked"] == "sec_****" + second[-3:]
    again = world.client.post("/user/webhooks/", {"callback_url": "http://127.0.0.1:9/"}).json
    assert again["masked_secret"] == "sec_****" + second[-3:]


def test_a_secret_that_was_shown_by_a_change_is_not_shown_again(world: World) -> None:
    secret_of(world)
    assert "secret" not in world.client.post("/user/webhooks/", {"callback_url": "http://127.0.0.1:9/"}).json


def test_a_replay_shows_the_same_secret_also_after_a_further_change(world: World, first: str) -> None:
    answer = rotate(world, "k-1")
    secret_of(world)
    again = rotate(world, "k-1")
    assert (again.status, again.text) == (200, answer.text)
    assert again.headers["idempotency-replayed"] == "true"


def test_the_table_never_holds_a_secret_in_the_clear(world: World, tenant: NewTenant, first: str) -> None:
    second = rotate(world, "k-1").json["secret"]
    answers = world.aws.dynamodb.scan(TableName=world.env.settings.table_name)["Items"]
    shown = repr(answers)
    for secret in (first, second):
        assert secret not in shown
        assert repr(secrets.key_of(secret)) not in shown
    assert "k-1" not in shown, "nor the key that it is derived from"


def test_another_process_with_an_old_copy_of_the_settings_signs_with_the_new_secret(
    world: World, env: Environment, tenant: NewTenant, receiver: Receiver, first: str
) -> None:
    stale = settings_of(env, tenant.tenant_id)
    service.change(env, tenant.tenant_id, TenantRecord.name.set("Your Company"))
    second = secret_of(world)
    tenants = env.keep(rotation.TenantDirectory)
    tenants._kept[tenant.tenant_id] = (world.clock.now(), stale)
    assert settings_of(env, tenant.tenant_id).sealed_secret == stale.sealed_secret
    assert signed_by(world, receiver)[0] == signature(second, receiver)


def test_a_twin_with_another_body_of_a_first_call_is_a_mismatch(world: World, receiver: Receiver) -> None:
    headers = {"Idempotency-Key": "k"}
    answer = world.client.post("/user/webhooks/", {"callback_url": receiver.url}, headers=headers)
    secret_of(world)
    again = world.client.post("/user/webhooks/", {"callback_url": receiver.url}, headers=headers)
    assert "secret" in answer.json
    assert (again.text, again.headers["idempotency-replayed"]) == (answer.text, "true")
    other = world.client.post("/user/webhooks/", {"callback_url": receiver.url + "/x"}, headers=headers)
    assert (other.status, other.code) == (422, "idempotency_mismatch")


def test_a_later_call_with_a_key_is_replayed_masked(world: World, receiver: Receiver, first: str) -> None:
    headers = {"Idempotency-Key": "k"}
    answer = world.client.post("/user/webhooks/", {"callback_url": receiver.url}, headers=headers)
    secret_of(world)
    again = world.client.post("/user/webhooks/", {"callback_url": receiver.url}, headers=headers)
    assert again.text == answer.text
    assert again.json["masked_secret"] == "sec_****" + first[-3:]


def test_changes_side_by_side_all_count(world: World, env: Environment, tenant: NewTenant, first: str) -> None:
    before = service.tenant(env, tenant.tenant_id)
    answered = iter([before])

    def read_before_the_twin(asked: Environment, tenant_id: str) -> TenantRecord:
        return next(answered, None) or service.tenant(asked, tenant_id)

    twin = rotation.rotate(env, tenant.tenant_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rotation, "tenants", type("Tenants", (), {"tenant": staticmethod(read_before_the_twin)}))
        mine = rotation.rotate(env, tenant.tenant_id)
    keys = rotation.signing_keys(env, tenant.tenant_id, service.tenant(env, tenant.tenant_id))
    assert keys == [secrets.key_of(one) for one in (mine.secret, twin.secret, first)]
