"""What callers are told of their quota, over HTTP."""

import re

import pytest

from chalicelib import environment
from chalicelib.operator.command_line import run
from chalicelib.tenants.service import create_tenant
from tests.support.settings import make_settings
from tests.support.tokens import token_for

STATE = re.compile(r'"default";r=(\d+);t=(\d+)')
POLICY = '"default";q=600;w=60, "burst";q=100;w=10'


@pytest.fixture(autouse=True)
def limited(anyone, another_process):
    env = another_process(settings=make_settings(rate_limits=True))
    environment.provide(lambda: env)
    return env


def remaining(answer) -> int:
    return int(STATE.fullmatch(answer.headers["ratelimit"])[1])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/currencies/", 200),
        ("POST", "/payments/", 400),
        ("GET", "/payments/?limit=0", 400),
        ("DELETE", "/o/apps/77/", 404),
        ("POST", "/o/apps/", 415),
    ],
)
def test_every_answer_to_a_known_caller_tells_the_quota_and_its_state(client, method, path, status):
    raw = "{}" if method == "POST" else None
    path, _, query = path.partition("?")
    sent = {"query": dict([query.split("=")])} if query else {}
    headers = {"Content-Type": "text/plain"} if status == 415 else {}
    answer = client.send(method, path, raw=raw, headers=headers, **sent)
    assert answer.status == status
    assert answer.headers["ratelimit-policy"] == POLICY
    assert remaining(answer) == 99


def test_a_token_without_the_scope_counts_and_no_token_does_not(anyone, limited, tenant):
    narrow = anyone.with_token(token_for(limited, tenant, "read"))
    answer = narrow.get("/currencies/")
    assert (answer.status, remaining(answer)) == (403, 99)
    assert anyone.get("/currencies/").status == 401
    assert "ratelimit" not in anyone.get("/currencies/").headers
    assert remaining(narrow.get("/currencies/")) == 98


def test_the_hundred_and_first_at_once_is_refused_and_told_when_to_come_back(client, clock):
    answers = [client.get("/currencies/") for _ in range(101)]
    assert [answer.status for answer in answers] == [200] * 100 + [429]
    assert [remaining(answer) for answer in answers] == [*range(99, -1, -1), 0]
    refused = answers[-1]
    assert refused.code == "rate_limit_exceeded"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit"] == '"default";r=0;t=1'
    clock.advance(1)
    assert client.get("/currencies/").status == 200


def test_a_refused_request_does_nothing(client, anyone, limited, tenant, aws_calls):
    for _ in range(100):
        client.get("/currencies/")
    body = {"amount": "100", "currency": "USDTTRC20", "price_currency": "USDTTRC20"}
    aws_calls.reset()
    answers = [client.post("/payments/", body, headers={"Idempotency-Key": "k"}) for _ in range(20)]
    assert {answer.status for answer in answers} == {429}
    assert set(aws_calls.made) <= {"UpdateItem"}
    assert len(aws_calls.made) <= 1


def test_tenants_do_not_share_a_quota(client, anyone, limited):
    for _ in range(101):
        client.get("/currencies/")
    other = anyone.with_token(token_for(limited, create_tenant(limited, "Other")))
    assert other.get("/currencies/").status == 200


def test_an_operator_gives_a_tenant_another_quota(client, limited, tenant):
    assert run(limited, ["tenant", "show", tenant.tenant_id])["rate_limit"] == {"per_minute": 600, "burst": 100}
    shown = run(limited, ["tenant", "set-rate-limit", tenant.tenant_id, "60", "--burst", "5"])
    assert shown["rate_limit"] == {"per_minute": 60, "burst": 5}
    answers = [client.get("/currencies/") for _ in range(8)]
    assert sum(answer.status == 200 for answer in answers) == 5
    assert answers[0].headers["ratelimit-policy"] == '"default";q=60;w=60, "burst";q=5;w=5'
    assert "At most 60 requests a minute, 5 of them at once" in answers[-1].json["error"]["message"]


def test_without_a_burst_the_quota_keeps_the_usual_ratio(limited, tenant):
    shown = run(limited, ["tenant", "set-rate-limit", tenant.tenant_id, "6000"])
    assert shown["rate_limit"] == {"per_minute": 6000, "burst": 1000}


def test_storage_that_is_away_is_no_hole_and_no_wall(client, aws_calls, clock):
    assert client.get("/currencies/").status == 200  # the revocation feed is read
    clock.advance(2)
    client.get("/currencies/")
    aws_calls.fail("UpdateItem")
    statuses = [client.get("/currencies/").status for _ in range(40)]
    assert statuses[:10] == [200] * 10
    assert statuses[-1] == 503
    aws_calls.reset()
    clock.advance(6)
    assert client.get("/currencies/").status == 200


def test_they_can_be_switched_off_for_tests_that_ask_a_lot(client, another_process):
    environment.provide(lambda: another_process(settings=make_settings(rate_limits=False)))
    answers = [client.get("/currencies/") for _ in range(110)]
    assert {answer.status for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
