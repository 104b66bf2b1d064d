"""The list of deliveries, test events, and sending again."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import environment
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import update
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.client import ApiClient
from tests.support.tokens import token_for
from tests.support.world import Receiver, World

LIST, TEST, RANGE = "/user/webhooks/deliveries/", "/user/webhooks/test/", "/user/webhooks/deliveries/resend/"


def listed(world: World, **query: Any) -> dict[str, Any]:
    answer = world.client.get(LIST, query={name: str(value) for name, value in query.items()})
    assert answer.status == 200, answer.text
    return dict(answer.json)


def pay(world: World, **fields: Any) -> None:
    """A payment that is paid: one event."""
    world.pay(world.create(**fields), 100_000_000)
    world.mine()


@pytest.fixture
def configured(world: World, receiver: Receiver) -> Receiver:
    assert world.client.post("/user/webhooks/", {"callback_url": receiver.url}).status == 200
    return receiver


def test_a_delivery_is_shown_with_its_attempts(world: World, configured: Receiver) -> None:
    configured.status = 503
    pay(world)
    [shown] = listed(world)["deliveries"]
    assert set(shown) == {
        "id", "event_id", "event", "url", "status", "attempts", "next_attempt_at", "created_at",
    }  # fmt: skip
    assert (shown["status"], shown["event"], shown["url"]) == ("pending", "payment_status_update", configured.url)
    assert shown["event_id"] == configured.bodies[0]["event_id"]
    [attempt] = shown["attempts"]
    assert (attempt["status_code"], attempt["failure"]) == (503, "http_status")
    assert shown["next_attempt_at"] > shown["created_at"]
    configured.status = 200
    world.clock.advance(6)
    world.settle()
    [after] = listed(world)["deliveries"]
    assert (after["id"], after["status"], after["next_attempt_at"]) == (shown["id"], "delivered", None)
    assert [one["status_code"] for one in after["attempts"]] == [503, 200]


def test_without_any_event_the_list_is_empty(world: World) -> None:
    empty = {"deliveries": [], "total": 0, "limit": 20, "offset": 0, "next_cursor": None}
    assert listed(world) == empty
    pay(world)
    assert listed(world) == empty, "an event that goes nowhere is no delivery"


def test_pages_by_offset_and_cursor_are_the_same_whatever_went_nowhere(world: World, receiver: Receiver) -> None:
    for number in range(11):
        pay(world, **({"callback_url": receiver.url} if number % 4 in {0, 1} else {}))
    sent = [body["event_id"] for body in receiver.bodies][::-1]
    assert len(sent) == 6
    by_offset = [listed(world, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [one["event_id"] for page in by_offset for one in page["deliveries"]] == sent
    assert {page["total"] for page in by_offset} == {6}
    by_cursor, page = [], listed(world, limit=4)
    by_cursor += page["deliveries"]
    page = listed(world, limit=4, cursor=page["next_cursor"])
    by_cursor += page["deliveries"]
    assert [one["event_id"] for one in by_cursor] == sent
    assert page["next_cursor"] is None


def test_filters_count_what_they_match(world: World, configured: Receiver) -> None:
    pay(world)
    world.client.post(TEST)
    world.settle()
    configured.status = 410
    pay(world)
    assert (listed(world, status="failed")["total"], listed(world, status="delivered")["total"]) == (1, 2)
    tests = listed(world, event="webhook_test", limit=1)
    assert (tests["total"], tests["next_cursor"], len(tests["deliveries"])) == (1, None, 1)
    first = listed(world, status="delivered", limit=1)
    second = listed(world, status="delivered", limit=1, cursor=first["next_cursor"])
    assert (first["total"], second["total"], second["next_cursor"]) == (2, 2, None)
    assert first["deliveries"] != second["deliveries"]


@pytest.mark.parametrize(
    "query",
    [{"status": "sent"}, {"event": "x"}, {"limit": 0}, {"cursor": "?"}, {"cursor": "YWJj"}],
)
def test_a_filter_that_means_nothing_is_refused(world: World, query: dict[str, Any]) -> None:
    answer = world.client.get(LIST, query={name: str(value) for name, value in query.items()})
    assert (answer.status, answer.code) == (400, "invalid_request")


def test_any_page_costs_three_calls(world: World, configured: Receiver) -> None:
    for _ in range(3):
        pay(world)
    world.aws.calls.reset()
    listed(world, limit=1, offset=2)
    assert world.aws.calls.made == ["Query", "Query", "BatchGetItem"]


def test_a_test_event_goes_the_way_of_all_events(world: World, configured: Receiver) -> None:
    answer = world.client.post(TEST)
    assert answer.status == 202
    assert (answer.json["status"], answer.json["callback_url"]) == ("accepted", configured.url)
    world.settle()
    [body] = configured.bodies
    assert (body["event"], body["event_id"], body["sequence"]) == ("webhook_test", answer.json["event_id"], 1)
    assert body["transaction_id"] == body["data"]["test_id"]
    [shown] = listed(world)["deliveries"]
    assert (shown["event"], shown["status"]) == ("webhook_test", "delivered")


def test_a_test_event_survives_the_loss_of_every_message(world: World, configured: Receiver) -> None:
    world.client.post(TEST)
    world.aws.messages(world.env.settings.numbering_queue_url)
    world.sweep()
    assert [body["event"] for body in configured.bodies] == ["webhook_test"]


def test_without_a_url_there_is_nothing_to_test(world: World, configured: Receiver) -> None:
    stranger = client_of(world, create_tenant(world.env, "Stranger"))
    refused = stranger.post(TEST)
    assert (refused.status, refused.code) == (409, "invalid_state")
    configured.status = 410
    world.client.post(TEST)
    world.settle()
    assert world.client.post(TEST).code == "invalid_state"


def test_a_test_goes_to_the_url_that_another_process_has_just_set(
    world: World, tenant: NewTenant, configured: Receiver
) -> None:
    world.client.post(TEST)
    moved = [TenantRecord.callback_url.set(configured.url + "/new")]
    world.env.store.commit(update(keys.tenant(tenant.tenant_id), moved))
    assert world.client.post(TEST).json["callback_url"] == configured.url + "/new"


def test_ten_tests_a_minute_and_no_more(world: World, tenant: NewTenant, configured: Receiver) -> None:
    limited = replace(world.env, settings=replace(world.env.settings, rate_limits=True))
    environment.provide(lambda: limited)
    assert [world.client.post(TEST).status for _ in range(10)] == [202] * 10
    refused = world.client.post(TEST)
    assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    stranger = client_of(world, create_tenant(world.env, "Stranger"))
    stranger.post("/user/webhooks/", {"callback_url": configured.url})
    assert stranger.post(TEST).status == 202, "another tenant has its own ten"
    world.clock.advance(60)
    assert world.client.with_token(token_for(world.env, tenant)).post(TEST).status == 202


def test_a_test_with_a_key_is_one_test(world: World, configured: Receiver) -> None:
    answers = [world.client.post(TEST, headers={"Idempotency-Key": "t"}) for _ in range(3)]
    world.settle()
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
    assert len(configured.got) == 1


def client_of(world: World, tenant: NewTenant) -> ApiClient:
    return world.client.with_token(token_for(world.env, tenant))


def fail_for_good(world: World, tenant: NewTenant, receiver: Receiver) -> dict[str, Any]:
    receiver.status = 503
    pay(world)
    for seconds in (6, 400, 2_100, 8_000, 20_000, 40_000, 56_000, 80_000, 96_000):
        world.sweep(seconds)
    world.client = client_of(world, tenant)
    [shown] = listed(world)["deliveries"]
    assert (shown["status"], len(shown["attempts"])) == ("failed", 10)
    return dict(shown)


def test_resending_begins_a_fresh_schedule_and_keeps_the_log(
    world: World, tenant: NewTenant, configured: Receiver
) -> None:
    shown = fail_for_good(world, tenant, configured)
    answer = world.client.post(f"{LIST}{shown['id']}/resend/")
    assert (answer.status, answer.json["status"], answer.json["id"]) == (202, "accepted", shown["id"])
    world.settle()
    [again] = listed(world)["deliveries"]
    assert (again["status"], len(again["attempts"])) == ("pending", 11)
    assert again["attempts"][:10] == shown["attempts"]
    configured.status = 200
    world.clock.advance(6)  # the second attempt of a schedule comes after five seconds
    world.settle()
    [delivered] = listed(world)["deliveries"]
    assert (delivered["status"], len(delivered["attempts"])) == ("delivered", 12)
    assert len({body for _, body in configured.got}) == 1, "the same bytes, under the same webhook-id"


def test_resending_twice_at_once_sends_once_more(world: World, configured: Receiver) -> None:
    pay(world)
    [shown] = listed(world)["deliveries"]
    for _ in range(3):
        assert world.client.post(f"{LIST}{shown['id']}/resend/").status == 202
    world.settle()
    assert len(configured.got) == 2
    assert listed(world)["deliveries"][0]["status"] == "delivered"


def test_a_resend_survives_the_loss_of_its_message(world: World, configured: Receiver) -> None:
    pay(world)
    [shown] = listed(world)["deliveries"]
    world.client.post(f"{LIST}{shown['id']}/resend/")
    world.aws.messages(world.env.settings.deliveries_queue_url)
    world.sweep(61)
    assert len(configured.got) == 2


def test_a_resend_of_the_tenants_own_goes_where_its_events_go_now(
    world: World, configured: Receiver, receiver: Receiver
) -> None:
    pay(world)
    pay(world, callback_url=receiver.url + "/own")
    own, tenants = listed(world)["deliveries"]
    world.client.post("/user/webhooks/", {"callback_url": receiver.url + "/moved"})
    for one in (own, tenants):
        world.client.post(f"{LIST}{one['id']}/resend/")
    world.settle()
    assert [one["url"] for one in listed(world)["deliveries"]] == [receiver.url + "/own", receiver.url + "/moved"]


def test_a_range_is_sent_again(world: World, configured: Receiver) -> None:
    for _ in range(3):
        pay(world)
    answer = world.client.post(RANGE, {"after": 1, "until": 1000})
    assert (answer.status, answer.json["count"]) == (202, 2)
    world.settle()
    assert [body["sequence"] for body in configured.bodies[3:]] == [2, 3]
    assert world.client.post(RANGE, {"after": 0, "until": 3, "status": "failed"}).json["count"] == 0


def test_a_range_with_a_key_is_sent_again_once(world: World, configured: Receiver) -> None:
    pay(world)
    answers = []
    for _ in range(2):
        answers.append(world.client.post(RANGE, {"after": 0, "until": 9}, headers={"Idempotency-Key": "r"}))
        world.settle()
    assert answers[0].text == answers[1].text
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert len(configured.got) == 2


@pytest.mark.parametrize(
    "asked", [{"after": 5, "until": 5}, {"after": 0, "until": 1001}, {"after": 3, "until": 1}]
)
def test_a_range_that_is_none_or_too_large_is_refused(world: World, asked: dict[str, int]) -> None:
    answer = world.client.post(RANGE, asked)
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert list(answer.json["error"]["details"]) == ["until"]


def test_another_tenants_delivery_is_as_unknown_as_any(world: World, configured: Receiver) -> None:
    pay(world)
    [shown] = listed(world)["deliveries"]
    stranger = client_of(world, create_tenant(world.env, "Stranger"))
    answers = [stranger.post(f"{LIST}{one}/resend/") for one in (shown["id"], "dlv_0", shown["event_id"])]
    assert [(answer.status, answer.code) for answer in answers] == [(404, "not_found")] * 3
    assert len({answer.text for answer in answers}) == 1
    assert stranger.get(LIST).json["total"] == 0
    assert stranger.post(RANGE, {"after": 0, "until": 10}).json["count"] == 0
    assert stranger.get("/events/").json == {"events": [], "has_more": False}


def test_an_event_that_went_nowhere_cannot_be_resent(world: World) -> None:
    pay(world)
    [event] = world.client.get("/events/").json["events"]
    answer = world.client.post(f"{LIST}dlv_{event['event_id'].removeprefix('evt_')}/resend/")
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_delivery_takes_a_hundred_attempts_at_the_most(world: World, configured: Receiver) -> None:
    pay(world)
    [shown] = listed(world)["deliveries"]
    for _ in range(90):
        assert world.client.post(f"{LIST}{shown['id']}/resend/").status == 202
        world.settle()
    refused = world.client.post(f"{LIST}{shown['id']}/resend/")
    assert (refused.status, refused.code) == (409, "invalid_state")


def test_the_log_is_read_in_order_without_gaps_and_as_delivered(world: World, configured: Receiver) -> None:
    for _ in range(5):
        pay(world)
    page = world.client.get("/events/", query={"limit": "2"})
    assert page.json["has_more"] is True
    assert page.text.startswith('{"events":[' + configured.got[0][1].decode() + ","), "the very bytes"
    rest = world.client.get("/events/", query={"after": "2", "limit": "3"}).json
    assert ([event["sequence"] for event in rest["events"]], rest["has_more"]) == ([3, 4, 5], False)
    assert world.client.get("/events/", query={"after": "5"}).json == {"events": [], "has_more": False}
    world.aws.calls.reset()
    world.client.get("/events/", query={"after": "99999999999"})
    assert world.aws.calls.made == ["Query"]


def test_the_log_needs_scope_read_alone(world: World, tenant: NewTenant) -> None:
    reader = world.client.with_token(token_for(world.env, tenant, "read"))
    assert reader.get("/events/").status == reader.get(LIST).status == 200
    for path in (TEST, "/user/webhooks/rotate-secret/", f"{LIST}dlv_1/resend/"):
        assert reader.post(path).status == 403
