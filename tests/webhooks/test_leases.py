"""Leases of an endpoint's places over processes, and its breaker."""

import pytest

from chalicelib.storage import keys
from chalicelib.webhooks import leases
from chalicelib.webhooks.leases import (
    BREAKER_AFTER,
    HOLD_MAX_SECONDS,
    HOLD_SECONDS,
    LEASE_SECONDS,
    EndpointRecord,
    HeldBackError,
    Leases,
    hold_seconds,
)

TENANT, ENDPOINT = "t_1", "https://a.example:443"


@pytest.fixture
def processes(another_process):
    """Six sender processes."""
    return [Leases(another_process()) for _ in range(6)]


def enter(of: Leases, wanted: int = 1):
    return of.enter(TENANT, ENDPOINT, wanted)


def stored(env) -> EndpointRecord:
    return env.store.get(EndpointRecord, keys.endpoint(TENANT, ENDPOINT))


def fail(of: Leases) -> None:
    lease = enter(of)
    assert lease is not None
    of.leave(TENANT, ENDPOINT, lease, answered=False)


def test_three_attempts_at_a_time_over_all_processes(processes):
    taken = [enter(one) for one in processes]
    assert [lease is not None for lease in taken] == [True] * 3 + [False] * 3
    processes[0].leave(TENANT, ENDPOINT, taken[0], answered=True)
    processes[0].give_back(TENANT, ENDPOINT)
    assert enter(processes[0]) is not None


def test_one_write_serves_many_attempts(processes, aws_calls):
    aws_calls.reset()
    for _ in range(20):
        lease = enter(processes[0], 3)
        processes[0].leave(TENANT, ENDPOINT, lease, answered=True)
    assert aws_calls.made == ["UpdateItem"]


def test_a_process_takes_what_its_batch_wants_and_keeps_one(processes, env, aws_calls):
    aws_calls.reset()
    taken = [enter(processes[0], 3) for _ in range(3)]
    assert len({lease.place for lease in taken}) == 3
    assert enter(processes[0], 3) is None
    for lease in taken:
        processes[0].leave(TENANT, ENDPOINT, lease, answered=True)
    processes[0].give_back(TENANT, ENDPOINT)
    assert aws_calls.made == ["UpdateItem", "UpdateItem"]
    record = stored(env)
    assert [one is None for one in (record.place_0, record.place_1, record.place_2)].count(False) == 1


def test_where_others_want_some_nothing_is_kept(processes, env):
    first = enter(processes[0])
    second = enter(processes[1])
    processes[1].leave(TENANT, ENDPOINT, second, answered=True)
    processes[1].give_back(TENANT, ENDPOINT)
    record = stored(env)
    assert [record.place_0, record.place_1, record.place_2] == [first.token, None, None]


def test_what_a_dead_process_held_runs_out(processes, clock):
    for one in processes[:3]:
        assert enter(one) is not None
    clock.advance(LEASE_SECONDS - 1)
    assert enter(processes[3]) is None
    clock.advance(2)
    assert enter(processes[3]) is not None


def test_a_lease_that_may_run_out_in_an_attempt_begins_none(processes, clock):
    lease = enter(processes[0])
    processes[0].leave(TENANT, ENDPOINT, lease, answered=True)
    clock.advance(LEASE_SECONDS / 2)
    again = enter(processes[0])
    assert again is not None
    assert again.token != lease.token


def test_endpoints_and_tenants_are_apart(processes):
    for one in processes[:3]:
        assert enter(one) is not None
    assert processes[3].enter(TENANT, "https://b.example:443", 1) is not None
    assert processes[3].enter("t_2", ENDPOINT, 1) is not None


def test_an_endpoint_that_did_not_answer_gets_one_probe_at_a_time(processes, env):
    fail(processes[0])
    assert stored(env).failures == 1
    probe = enter(processes[1])
    assert (probe.failures, enter(processes[2]), enter(processes[0])) == (1, None, None)
    processes[1].leave(TENANT, ENDPOINT, probe, answered=True)
    assert stored(env).failures is None
    assert enter(processes[3], 3) is not None
    assert enter(processes[4]) is None, "all three are leased again"


def test_places_leased_before_it_fell_silent_are_given_up(processes, env):
    healthy = [enter(processes[0], 3) for _ in range(3)]
    for lease in healthy[:2]:
        processes[0].leave(TENANT, ENDPOINT, lease, answered=True)
    processes[0].leave(TENANT, ENDPOINT, healthy[2], answered=False)
    assert processes[0].is_suspect(TENANT, ENDPOINT)
    record = stored(env)
    assert [record.place_0, record.place_1, record.place_2] == [None] * 3
    assert enter(processes[0]).failures == 1


def test_after_five_in_a_row_attempts_are_held_back_until_a_probe_is_answered(processes, env, clock):
    for _ in range(BREAKER_AFTER):
        fail(processes[0])
    until = int(clock.now()) + HOLD_SECONDS
    assert stored(env).open_until == until
    with pytest.raises(HeldBackError) as held:
        enter(processes[1])
    assert held.value.until == until
    clock.advance(HOLD_SECONDS + 1)
    fail(processes[1])
    assert stored(env).open_until == int(clock.now()) + 2 * HOLD_SECONDS
    clock.advance(2 * HOLD_SECONDS + 1)
    probe = enter(processes[2])
    assert enter(processes[3]) is None
    processes[2].leave(TENANT, ENDPOINT, probe, answered=True)
    clock.advance(1)
    assert (stored(env).failures, stored(env).open_until) == (None, None)
    assert enter(processes[3]) is not None


def test_a_dead_endpoint_costs_no_write_for_each_message(processes, aws_calls):
    for _ in range(BREAKER_AFTER):
        fail(processes[0])
    with pytest.raises(HeldBackError):
        enter(processes[1])
    aws_calls.reset()
    for _ in range(50):
        with pytest.raises(HeldBackError):
            enter(processes[1])
    assert aws_calls.made == []


def test_a_probe_that_was_not_made_leaves_the_endpoint_suspect(processes, env):
    fail(processes[0])
    probe = enter(processes[1])
    processes[1].leave(TENANT, ENDPOINT, probe, answered=None)
    assert (stored(env).failures, stored(env).probe) == (1, None)
    assert enter(processes[2]) is not None


def test_holds_double_up_to_a_quarter_of_an_hour():
    assert [hold_seconds(failures) for failures in (0, 4, 5, 6, 8, 9, 500)] == [
        None, None, HOLD_SECONDS, 2 * HOLD_SECONDS, 8 * HOLD_SECONDS, HOLD_MAX_SECONDS, HOLD_MAX_SECONDS,
    ]  # fmt: skip


def test_twins_that_lease_at_the_same_moment_get_different_places(another_process, env, monkeypatch):
    mine, twin = Leases(another_process()), Leases(another_process())
    lease = mine._lease

    def overtaken(*arguments):
        monkeypatch.setattr(mine, "_lease", lease)
        assert enter(twin) is not None
        lease(*arguments)

    monkeypatch.setattr(mine, "_lease", overtaken)
    assert enter(mine).place == 1
    assert leases.LEASED == 3
