"""Many processes on one bucket: what they let through together, and what it costs."""

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.quotas.bucket import DEFAULT, Quota
from chalicelib.quotas.leases import ALONE_PART, Leases
from chalicelib.quotas.table import bucket
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import update
from tests.support.clock import FakeClock
from tests.support.memory_table import MemoryStore, MemoryTable

TENANT = "t_1"


class CountedTable(MemoryTable):
    """Counts calls; away when told so."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.is_away = False

    def make(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.is_away:
            raise StorageUnavailableError("away")
        return super().make(operation, parameters)


class Fleet:
    """Processes that share a table and a clock."""

    def __init__(self, processes: int, quota: Quota = DEFAULT) -> None:
        self.clock, self.table = FakeClock(), CountedTable()
        self.env: Any = SimpleNamespace(clock=self.clock, store=MemoryStore(self.table))
        self.processes = [Leases(self.env) for _ in range(processes)]
        self.admitted: Counter[int] = Counter()
        self.refused = 0
        if quota != DEFAULT:
            names = {"#q": "q", "#b": "b"}
            values = {":q": {"N": str(quota.per_minute)}, ":b": {"N": str(quota.burst)}}
            key = keys.token_bucket(TENANT)
            change = {"UpdateExpression": "SET #q = :q, #b = :b", "Key": key.raw}
            self.table.make(
                "UpdateItem",
                {**change, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values},
            )
            self.table.calls = 0

    def ask(self, process: int = 0) -> bool:
        verdict = self.processes[process].admit(TENANT)
        if verdict.is_admitted:
            self.admitted[int(self.clock.time * 10)] += 1
        else:
            self.refused += 1
        return verdict.is_admitted

    def worst(self, seconds: int) -> int:
        """The most that was let through in any window of so many seconds."""
        tenths = sorted(self.admitted)
        return max(
            sum(self.admitted[tenth] for tenth in tenths if begin <= tenth < begin + seconds * 10)
            for begin in tenths
        )


@pytest.mark.parametrize("quota", [DEFAULT, Quota(60, 10), Quota(240, 40), Quota(500, 80), Quota(6000, 1000)])
def test_twenty_processes_that_hammer_stay_within_ten_per_cent_of_the_quota(quota):
    fleet, dice = Fleet(20, quota), random.Random(quota.per_minute)
    for process in range(20):  # each keeps of an earlier lease what it may
        fleet.ask(process)
    fleet.clock.advance(30)
    tries = max(1, quota.per_minute // 600)
    for _ in range(130 * 10):
        fleet.clock.advance(0.1)
        for process in range(20):
            for _ in range(dice.randrange(2 * tries + 1)):
                fleet.ask(process)
    for seconds in (1, 10, 60):
        allowed = quota.burst + quota.per_minute * seconds // 60
        assert fleet.worst(seconds) <= allowed + quota.per_minute // 10 + 1, seconds
    assert sum(fleet.admitted.values()) >= 0.95 * quota.per_minute * 2, "and what is theirs they get"


def test_refusing_costs_no_write_each():
    fleet = Fleet(1)
    for _ in range(60 * 50):
        fleet.clock.advance(0.02)
        fleet.ask()
    assert fleet.refused > 2000
    assert fleet.table.calls < 60 * 10


def test_a_steady_caller_at_the_quota_is_never_refused_and_costs_a_write_in_ten_requests():
    fleet = Fleet(1)
    for _ in range(600):
        fleet.clock.advance(0.1)
        assert fleet.ask()
    assert fleet.table.calls <= 600 * 0.2


def test_a_burst_goes_through_at_once_and_not_one_more():
    fleet = Fleet(1)
    assert [fleet.ask() for _ in range(101)] == [True] * 100 + [False]
    assert fleet.table.calls <= 100 * 0.2


@pytest.mark.parametrize("processes", [2, 20])
def test_a_load_spread_over_processes_is_not_refused_though_parts_of_leases_die(processes):
    fleet, dice = Fleet(processes), random.Random(processes)
    for _ in range(1200):
        fleet.clock.advance(dice.expovariate(9))
        fleet.ask(dice.randrange(processes))
    assert fleet.refused <= 12


def test_a_caller_who_comes_now_and_then_does_not_cost_a_write_each():
    fleet = Fleet(1)
    for _ in range(100):
        fleet.clock.advance(5)
        assert fleet.ask()
    assert fleet.table.calls <= 51


def test_tokens_do_not_outlive_their_lease():
    fleet = Fleet(1)
    for _ in range(40):
        fleet.ask()
    fleet.clock.advance(1)
    left = fleet.processes[0]._leases[TENANT]
    before = fleet.table.calls
    for _ in range(DEFAULT.kept + 1):
        fleet.ask()
    assert fleet.table.calls == before + 1
    assert left.tokens < DEFAULT.part
    fleet.clock.advance(61)
    before = fleet.table.calls
    fleet.ask()
    assert fleet.table.calls == before + 1, "after a minute nothing is kept"


def test_retry_after_is_true():
    for quota in (DEFAULT, Quota(60, 10), Quota(7, 1), Quota(1, 1)):
        fleet = Fleet(1, quota)
        for _ in range(30):
            while True:
                verdict = fleet.processes[0].admit(TENANT)
                if not verdict.is_admitted:
                    break
            assert verdict.wait > 0
            fleet.clock.advance(-(-verdict.wait // 1_000_000))
            assert fleet.ask(), quota


def test_another_quota_is_followed_when_the_lease_is_used_up():
    fleet = Fleet(2)
    assert fleet.ask()
    slow = Quota(60, 5)
    names, values = {"#q": "q", "#b": "b"}, {":q": {"N": "60"}, ":b": {"N": "5"}}
    fleet.table.make(
        "UpdateItem",
        {
            "Key": keys.token_bucket(TENANT).raw,
            "UpdateExpression": "SET #q = :q, #b = :b",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        },
    )
    fleet.clock.advance(60)
    assert sum(fleet.ask(process) for _ in range(50) for process in range(2)) <= slow.burst + DEFAULT.kept
    assert bucket(fleet.env, TENANT).quota == slow


def test_a_table_that_is_away_neither_lets_all_through_nor_nothing():
    fleet = Fleet(20)
    fleet.table.is_away = True
    for _ in range(600):
        fleet.clock.advance(0.1)
        for process in range(20):
            fleet.ask(process)
    assert 0.9 * 600 <= sum(fleet.admitted.values()) <= 600 + 20 * DEFAULT.part
    assert fleet.table.calls <= 20 * 13, "nor is it asked all the time"
    verdict = fleet.processes[0].admit(TENANT)
    assert (verdict.is_known, ALONE_PART) == (False, 20)
    fleet.table.is_away = False
    fleet.clock.advance(6)
    assert fleet.processes[0].admit(TENANT).is_known


def test_two_processes_that_find_the_bucket_full_both_take_from_it():
    fleet = Fleet(2)
    first, second = fleet.processes
    assert first.admit(TENANT).is_admitted
    assert second.admit(TENANT).is_admitted
    taken = bucket(fleet.env, TENANT).full_at - int(fleet.clock.time * 1_000_000)
    assert taken == DEFAULT.cost(2 * DEFAULT.kept)


def test_an_item_without_a_moment_is_a_full_bucket():
    fleet = Fleet(1)
    key = keys.token_bucket(TENANT)
    fleet.env.store.commit(update(key, [Record.ttl.set(1)]))
    assert fleet.ask()
