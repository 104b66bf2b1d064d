"""The event log under two writers at once that are killed between their calls: no gap, no number twice.

A bounded share of the 10,000 events runs with the suite; all of them: ``SLUICE_LOG_EVENTS=10000``.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.store import Store
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.webhooks import numbering, service, trial
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage
from chalicelib.webhooks.trial import WebhookTest
from tests.support.world import World

pytestmark = pytest.mark.slow
EVENTS = int(os.environ.get("SLUICE_LOG_EVENTS", "600"))
SEED = int(os.environ.get("SLUICE_LOG_SEED", str(random.randrange(10**6))))
KILLED_SHARE = 0.02  # of all calls
LOST_SHARE = 0.02  # of all answers: done, and the caller does not know
BATCH = 60  # subjects of one wake-up
URL = "https://your-site.com/webhook"


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


class DyingCalls:
    """A store's calls, of a process that may die before or after any of them."""

    def __init__(self, calls: Any, source: random.Random) -> None:
        self._calls, self._source = calls, source
        self._is_dead = False

    def make(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._die()
        answer: dict[str, Any] = self._calls.make(operation, parameters)
        self._die()
        if self._source.random() < LOST_SHARE:
            raise StorageUnavailableError("the answer was lost")
        return answer

    def _die(self) -> None:
        self._is_dead = self._is_dead or self._source.random() < KILLED_SHARE / 2
        if self._is_dead:
            raise KilledError


class SilentQueues:
    """Numbering alone is looked at."""

    def deliver(self, *_: Any) -> None: ...

    def deliver_many(self, *_: Any) -> None: ...

    def wake_numbering(self, *_: Any) -> None: ...


def writer(world: World, source: random.Random) -> Environment:
    """A numbering writer's process, that may die."""
    store: Store = Store.__new__(Store)
    store.__dict__.update(world.env.store.__dict__)
    store._calls = DyingCalls(world.env.store._calls, source)  # type: ignore[assignment]
    queues: Any = SilentQueues()
    return replace(world.env, store=store, queues=queues, _kept={}, _lock=threading.RLock())


def work(world: World, subjects: list[str], source: random.Random, deaths: Counter[str]) -> None:
    """Number subjects in an order of this writer's own; a process that died is followed by another one."""
    waiting = subjects[:]
    source.shuffle(waiting)
    env = writer(world, source)
    while waiting:
        batch = waiting[:BATCH]
        try:
            numbering.number(env, world.tenant.tenant_id, batch)
        except KilledError:
            deaths["killed"] += 1
            env = writer(world, source)
        except (ConflictError, StorageUnavailableError) as error:
            deaths[type(error).__name__] += 1
        else:
            waiting = waiting[len(batch) :]
        if source.random() < 0.2:  # the wake-ups come in another order, some of them again
            source.shuffle(waiting)


def test_the_log_has_no_gap_whatever_happens_to_its_two_writers(world: World) -> None:
    print(f"{EVENTS} events, SLUICE_LOG_SEED={SEED}")
    tenant_id = world.tenant.tenant_id
    tests = [keys.webhook_test(tenant_id, f"{number:06d}") for number in range(EVENTS)]
    world.env.store.put_all([WebhookTest(pk=pk, sk=sk, url=URL, created_at=0) for pk, sk in tests])
    subjects = [f"{trial.KIND}:{key.sk}" for key in tests]
    deaths: Counter[str] = Counter()
    started = time.monotonic()
    both = [
        threading.Thread(target=work, args=(world, subjects, random.Random(SEED + number), deaths))
        for number in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    seconds = time.monotonic() - started
    numbering.number(world.env, tenant_id, subjects[:1])  # completes the last page, should its writer have died
    told = check_pages(world, tenant_id)
    check_events(world, tenant_id, told)
    check_log(world, tenant_id)
    assert deaths["killed"] >= EVENTS / 100, "the writers were killed again and again"
    print(f"{deaths} in {seconds:.1f} s")


def check_pages(world: World, tenant_id: str) -> dict[str, int]:
    """Every page follows from the page before it, and every telling stands on one page."""
    told: dict[str, int] = {}
    expected = (1, 0)
    for page in world.env.store.query_all(LogPage, keys.log(tenant_id)):
        assert (page.first, int(page.sk.partition("#")[2])) == expected
        expected = page.next_key
        for _, key, number in page.told:
            assert key not in told, "nothing is numbered twice"
            told[key] = number
    assert sorted(told.values()) == list(range(1, EVENTS + 1))
    return told


def check_events(world: World, tenant_id: str, told: dict[str, int]) -> None:
    """Every event has the number that its page says, in its body too."""
    named = [keys.event(tenant_id, event_id) for event_id in told]
    found = world.env.store.get_many(EventRecord, named)
    assert {key.sk: record.sequence for key, record in found.items()} == told
    assert all(json.loads(record.body)["sequence"] == record.sequence for record in found.values())


def check_log(world: World, tenant_id: str) -> None:
    """The merchant reads it all, in order."""
    after, has_more = 0, True
    while has_more:
        bodies, has_more = service.events_after(world.env, tenant_id, after, 100)
        assert [json.loads(body)["sequence"] for body in bodies] == [
            after + 1 + place for place in range(len(bodies))
        ]
        after += len(bodies)
    assert after == EVENTS
