"""Every POST that creates or moves something takes an Idempotency-Key: asked of all routes that there are."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import environment
from chalicelib.tenants.service import create_tenant
from tests.support.application import application
from tests.support.client import ApiClient
from tests.support.environment import make_environment
from tests.support.samples import furnish, request_to
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, Nodes, Receiver, World

POSTS = [endpoint for _, endpoint in application().endpoints if endpoint.method == "POST"]
KEYED = [endpoint for endpoint in POSTS if endpoint.replay]
ONLY_READ = {
    "/payments/status",
    "/withdrawal/status",
    "/withdrawal/validate-address",
    "/withdrawal/fee-estimate",
    "/withdrawal/estimate",
    "/withdrawal/min-amount",
    "/wallets/balances",
    "/wallets/transfer-history",
}
# Up to 1,000 deliveries begin anew in steps that may be done twice; the key is kept once all of them are.
IN_STEPS = {"/user/webhooks/deliveries/resend"}
PUBLIC = {"/o/token", "/o/revoke_token"}  # RFC 6749 and 7009 know no keys; neither moves anything


def test_every_post_takes_a_key_but_those_that_only_read():
    assert {endpoint.path for endpoint in POSTS if not endpoint.replay} == ONLY_READ | PUBLIC
    assert not [
        endpoint for _, endpoint in application().endpoints if endpoint.replay and endpoint.method != "POST"
    ]


class Transactions:
    """The guards that were written, each with how many other items its transaction had."""

    def __init__(self) -> None:
        self.guards: list[int] = []

    def on_call(self, *, model: Any, params: Any, **_: Any) -> None:
        body = json.loads(params["body"])
        members = [next(iter(one.values())) for one in body.get("TransactItems", [])] or [body]
        guards = [
            one for one in members if one.get("Item", {}).get("pk", {}).get("S", "").startswith("IDEMPOTENCY#")
        ]
        if "Item" in model.name and guards:
            assert len(guards) == 1
            self.guards.append(len(members) - 1)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def world(aws, clock, tmp_path: Path):
    nodes = Nodes(tmp_path, clock)
    held: Any = HeldQueues(aws.queues, clock)
    settings = make_settings(allow_local_callbacks=True)
    env = make_environment(aws, clock, settings, chains=nodes.adapters, queues=held)
    environment.provide(lambda: env)
    yield World(env, aws, clock, nodes, ApiClient(application()))
    nodes.close()


def test_the_same_key_gets_the_first_answer_again_another_body_is_refused_and_a_key_is_one_item(
    world: World, receiver: Receiver
):
    tenant = create_tenant(world.env, "Your Company")
    client = world.client.with_token(token_for(world.env, tenant))
    owned = furnish(world, client, tenant.tenant_id, receiver.url)
    client.post("/user/webhooks/", {"callback_url": receiver.url})
    seen = Transactions()
    events = world.env.store.connection.client.meta.events
    events.register("before-call.dynamodb", seen.on_call)
    try:
        for endpoint in KEYED:
            path, body = request_to(endpoint, owned, receiver.url)
            _try(client, endpoint, path, body, seen)
            world.settle()
    finally:
        events.unregister("before-call.dynamodb", seen.on_call)


def _try(client: ApiClient, endpoint: Any, path: dict[str, str], body: dict[str, Any], seen: Transactions) -> None:
    where = f"{endpoint.path.format(**path)}/"
    sent = body if endpoint.body else None
    headers = {"Idempotency-Key": f"key of {endpoint.path}"}
    seen.guards.clear()
    first = client.post(where, sent, headers=headers)
    assert first.status == endpoint.status, (where, first.text)
    [others] = seen.guards
    assert others >= 1 or endpoint.path in IN_STEPS, f"{where}: the guard is alone, and says nothing of the effect"
    again = client.post(where, sent, headers=headers)
    assert (again.status, again.text) == (first.status, first.text), where
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(seen.guards) == 1, "a replay writes nothing"
    if sent:
        name = next(iter(sent))
        other = {**sent, name: f"{sent[name]}1" if isinstance(sent[name], str) else sent[name] + 1}
        refused = client.post(where, other, headers=headers)
        assert refused.code in {"idempotency_mismatch", "invalid_address", "invalid_currency"}, (
            where,
            refused.text,
        )
