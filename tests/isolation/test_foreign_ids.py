"""Another tenant's id, anywhere, is answered as an id that does not exist: tried at every place that takes one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import environment
from chalicelib.api.endpoint import Endpoint
from chalicelib.ledger.service import fund
from chalicelib.tenants.service import NewTenant, create_tenant
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import Answer, ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.samples import Case, cases, first, furnish, unknown
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import HeldQueues, Nodes, Receiver, World

SCOPES = ("read", "write", "admin")
VIEWS = (
    "/payments/",
    "/withdrawal/",
    "/wallets/",
    "/o/apps/",
    "/user/balances/",
    "/user/balances/history/",
    "/user/me/",
)
_MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\b([tw]_|evt_)[0-9a-f]+"), r"\1<id>"),
    (re.compile(r'"id":\d+'), '"id":<number>'),
    (re.compile(r'"(address|payment_uri)":"[^"]*"'), r'"\1":"<address>"'),
)


@pytest.fixture
def world(aws: Aws, clock: FakeClock, tmp_path: Path) -> Iterator[World]:
    nodes = Nodes(tmp_path, clock)
    held: Any = HeldQueues(aws.queues, clock)
    settings = make_settings(allow_local_callbacks=True)
    env = make_environment(aws, clock, settings, chains=nodes.adapters, queues=held)
    app = application()
    environment.provide(lambda: env)
    yield World(env, aws, clock, nodes, ApiClient(app))
    nodes.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def shown(answer: Answer, value: str) -> tuple[int, str]:
    """What an answer says, but for the id that was asked for and what is made anew each time."""
    text = answer.text.replace(value, "<asked>")
    for mask, word in _MASKS:
        text = mask.sub(word, text)
    return answer.status, text


def all_cases() -> list[Case]:
    return [case for _, endpoint in application().endpoints for case in cases(endpoint)]


def test_another_tenants_id_is_answered_as_one_that_does_not_exist(world: World, receiver: Receiver):
    theirs, ours = (create_tenant(world.env, name, admin=True) for name in ("Theirs", "Ours"))
    owner, stranger = (world.client.with_token(token_for(world.env, one, *SCOPES)) for one in (theirs, ours))
    owned = furnish(world, owner, theirs.tenant_id, receiver.url)
    own = furnish_stranger(world, stranger, ours)
    tried = [(case, value) for case in all_cases() for value in case.values(owner, owned)]
    assert len(tried) > 30
    tried.sort(key=lambda one: one[0].is_own_word)  # what makes something of the word last: a list would show it
    before = [owner.get(path).text for path in VIEWS]
    answers: dict[str, tuple[int, str]] = {}
    for case, value in tried:
        other = unknown(case.kind, value)
        answers[f"{case} {value}"] = foreign = shown(case.send(stranger, value, own), value)
        assert foreign == shown(case.send(stranger, other, own), other), case
        assert foreign[0] < 500, (case, foreign)
    world.settle()
    assert [owner.get(path).text for path in VIEWS] == before, "nothing of theirs has changed"
    found: dict[str, bool] = {}
    for case, value in sorted(tried, key=lambda one: one[0].endpoint.method == "DELETE"):
        to_owner = shown(case.send(owner, value, first(owned)), value)
        found[str(case)] = found.get(str(case), False) or to_owner != answers[f"{case} {value}"]
    assert all(found.values()), f"the owner is told just the same: {[case for case in found if not found[case]]}"


def furnish_stranger(world: World, stranger: ApiClient, tenant: NewTenant) -> dict[str, str]:
    """Give the stranger what its requests need to get as far as the id."""
    fund(world.env, tenant.tenant_id, "USDTTRC20", 1_000_000_000)
    wallet = stranger.post("/wallets/", {"name": "Ours"}).json
    payment = stranger.post("/payments/", {"amount": "100", "currency": "USDTTRC20"}).json
    world.pay(payment, 100_000_000)
    world.mine(count=20)
    return {"wallet": wallet["wallet_id"], "payment": payment["transaction_id"]}


class Unclassified(msgspec.Struct):
    basket_id: str


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("POST", "/baskets", print, body=Unclassified),
        Endpoint("GET", "/baskets", print, query=Unclassified),
        Endpoint("GET", "/baskets/{basket}", print),
        Endpoint("GET", "/baskets/{id}", print),
    ],
)
def test_a_new_kind_of_id_cannot_pass_unnoticed(endpoint):
    with pytest.raises(AssertionError, match="say in ID_FIELDS"):
        cases(endpoint)
