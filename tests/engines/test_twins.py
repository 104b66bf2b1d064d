"""A hundred twins of one request, side by side, on a true engine: one effect, identical answers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.api import idempotency, parsing
from chalicelib.api.call import Call
from chalicelib.api.endpoint import Endpoint, _answer
from chalicelib.ledger.service import differences
from chalicelib.oauth.access import Access
from chalicelib.storage.calls import StorageUnavailableError
from tests.support.application import application
from tests.support.samples import furnish, request_to
from tests.support.world import Receiver, World

pytestmark = pytest.mark.slow
TWINS, THREADS = 100, 16
KEYED = [endpoint for _, endpoint in application().endpoints if endpoint.replay]
# Many small steps, each of which may be done twice: a twin may do them again before the first has kept its key.
IN_STEPS = {"/user/webhooks/deliveries/resend"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_a_hundred_twins_have_one_effect_and_identical_answers(world: World, receiver: Receiver) -> None:
    # One process serves one request at a time: what lies behind reading a request is what runs side by side here.
    owned = furnish(world, world.client, world.tenant.tenant_id, receiver.url)
    world.client.post("/user/webhooks/", {"callback_url": receiver.url})
    for endpoint in KEYED:
        path, body = request_to(endpoint, owned, receiver.url)
        answers = _twins(world, endpoint, path, json.loads(json.dumps(body)))
        assert {answer.status_code for answer in answers} == {endpoint.status}, endpoint.path
        assert len({answer.body for answer in answers}) == 1, endpoint.path
        first = [answer for answer in answers if "Idempotency-Replayed" not in answer.headers]
        assert len(first) == 1 or endpoint.path in IN_STEPS, endpoint.path
        world.settle()
    assert differences(world.env, world.tenant.tenant_id) == []


def _twins(world: World, endpoint: Endpoint, path: dict[str, str], body: dict[str, Any]) -> list[Any]:
    key = idempotency.read(
        {"idempotency-key": endpoint.path}, world.tenant.tenant_id, f"POST {endpoint.path}", [body, path]
    )
    access = Access(world.tenant.tenant_id, world.tenant.client_id, 1, ("read", "write"))

    def one(_: int) -> Any:
        for _ in range(20):  # a caller that is told to come again does
            read = parsing.read_body(endpoint.body, body) if endpoint.body else None
            call = Call(world.env, access, read, None, path, {}, b"", "", key)
            with suppress(StorageUnavailableError):
                return _answer(endpoint, call, "request")
        raise AssertionError("the table is never there")

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(TWINS)))
