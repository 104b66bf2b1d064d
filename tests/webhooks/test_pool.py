import time
from collections import deque
from collections.abc import Iterator
from threading import Barrier, Event, Lock
from threading import enumerate as enumerate_threads

import pytest

from chalicelib.webhooks.pool import SenderPool

LONG_SECONDS = 10  # only ever waited for by a test that fails


class Hanging:
    """Attempts at endpoints that hang until the test lets them go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.started = 0
        self._lock = Lock()

    def __call__(self) -> bool:
        with self._lock:
            self.started += 1
        self.let_go.wait(LONG_SECONDS)
        return False


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    jobs = Hanging()
    yield jobs
    jobs.let_go.set()


@pytest.fixture
def pool(hanging: Hanging) -> Iterator[SenderPool]:
    made = SenderPool()
    yield made
    hanging.let_go.set()
    assert made.close(LONG_SECONDS)
    assert not [thread for thread in enumerate_threads() if thread.name.startswith("sender ")]


def submit_all(pool: SenderPool, tenant_id: str, endpoints: list[str], job) -> int:
    return sum(pool.try_submit(tenant_id, endpoint, job) for endpoint in endpoints)


def test_a_tenant_with_fifty_hanging_endpoints_fills_its_share_only(pool, hanging):
    assert submit_all(pool, "slow", [f"https://e{n}:443" for n in range(50)], hanging) == 5
    assert pool.free_slots() == 5
    assert pool.try_submit("other", "https://other:443", lambda: True)


def test_an_endpoint_has_a_share_of_its_own(hanging):
    pool = SenderPool(concurrency=10, per_tenant=8, per_endpoint=3)
    assert submit_all(pool, "a", ["https://one:443"] * 9, hanging) == 3
    assert submit_all(pool, "a", ["https://two:443"] * 9, hanging) == 3
    assert submit_all(pool, "b", ["https://one:443"] * 9, hanging) == 3  # another tenant's receiver
    hanging.let_go.set()
    assert pool.close(LONG_SECONDS)


def test_all_tenants_together_stay_within_the_concurrency(pool, hanging):
    assert sum(pool.try_submit(f"t{n}", "https://e:443", hanging) for n in range(30)) == 10
    assert pool.free_slots() == 0
    assert not pool.wait_free(0.01)


def test_a_slot_is_free_again_when_its_attempt_has_ended(pool, hanging):
    submit_all(pool, "slow", [f"e{n}" for n in range(10)], hanging)
    hanging.let_go.set()
    assert pool.drain(LONG_SECONDS)
    assert pool.free_slots() == 10
    assert submit_all(pool, "slow", [f"new{n}" for n in range(10)], lambda: True) >= 5


def test_wait_free_wakes_when_an_attempt_ends(pool, hanging):
    for number in range(10):
        pool.try_submit(f"t{number}", "e", hanging)
    hanging.let_go.set()
    assert pool.wait_free(LONG_SECONDS)


def test_an_attempt_that_raises_is_logged_and_frees_its_slot(pool, caplog):
    def broken() -> None:
        raise KeyError("boom")

    assert pool.try_submit("a", "e", broken)
    assert pool.drain(LONG_SECONDS)
    assert pool.free_slots() == 10
    assert "boom" in caplog.text


def test_after_close_nothing_starts(hanging):
    pool = SenderPool()
    pool.try_submit("a", "e", hanging)
    assert not pool.close(0.01)  # one still runs
    assert not pool.try_submit("b", "e", hanging)
    assert (pool.free_slots(), pool.wait_free(0.01)) == (0, False)
    hanging.let_go.set()
    assert pool.close(LONG_SECONDS)
    assert hanging.started == 1


def test_a_suspect_endpoint_gets_one_slot_at_a_time_until_it_answers(pool, hanging):
    pool.try_submit("a", "dead", lambda: False)
    assert pool.drain(LONG_SECONDS)
    assert submit_all(pool, "a", ["dead"] * 5, hanging) == 1
    hanging.let_go.set()
    assert pool.drain(LONG_SECONDS)
    assert pool.try_submit("a", "dead", lambda: True)
    assert pool.drain(LONG_SECONDS)
    hanging.let_go.clear()
    assert submit_all(pool, "a", ["dead"] * 9, hanging) == 5


def test_suspects_leave_a_slot_to_the_endpoints_of_their_tenant_that_work(pool, hanging):
    dead = [f"dead{n}" for n in range(50)]
    for endpoint in dead:
        assert pool.try_submit("a", endpoint, lambda: False)
        assert pool.drain(LONG_SECONDS)
    assert submit_all(pool, "a", dead, hanging) == 4
    assert pool.try_submit("a", "works", lambda: True)


def test_under_threads_no_limit_is_ever_passed():
    pool, lock, barrier = SenderPool(), Lock(), Barrier(8)
    running: dict[str, int] = {"all": 0}
    peaks: dict[str, int] = {}
    done = 0

    def job(tenant_id: str) -> None:
        nonlocal done
        for change in (1, -1):
            with lock:
                for key in ("all", tenant_id):
                    running[key] = running.get(key, 0) + change
                    peaks[key] = max(peaks.get(key, 0), running[key])
            time.sleep(0.0005)
        with lock:
            done += 1

    accepted = run_submitters(pool, job, barrier)
    assert pool.close(LONG_SECONDS)
    assert accepted == done > 0
    assert peaks.pop("all") <= 10
    assert set(peaks.values()) <= {1, 2, 3, 4, 5}


def run_submitters(pool: SenderPool, job, barrier: Barrier) -> int:
    submitters, counts = SenderPool(barrier.parties, barrier.parties, barrier.parties), deque()

    def submit(number: int) -> None:
        barrier.wait(LONG_SECONDS)
        tenant_id = f"t{number % 3}"
        counts.append(sum(pool.try_submit(tenant_id, f"e{n % 4}", lambda: job(tenant_id)) for n in range(100)))

    for number in range(barrier.parties):
        assert submitters.try_submit("s", "s", lambda number=number: submit(number))
    assert submitters.close(LONG_SECONDS)
    return sum(counts)


def p99_start_delay_seconds(pool: SenderPool) -> float:
    """Send 300 messages of a tenant whose receiver works; how long its slowest but one percent waited."""
    delays: list[float] = []
    for _ in range(300):
        offered = time.monotonic()

        def job(offered: float = offered) -> bool:
            delays.append(time.monotonic() - offered)
            time.sleep(0.001)
            return True

        while not pool.try_submit("other", "https://works:443", job):
            time.sleep(0.0002)
    while len(delays) < 300:
        time.sleep(0.001)
    return sorted(delays)[297 - 1]


def test_fifty_hanging_endpoints_take_no_slot_that_another_tenant_would_have_alone(hanging):
    accepted = []
    for slow_endpoints in (0, 50):
        pool = SenderPool()
        submit_all(pool, "slow", [f"https://e{n}:443" for n in range(slow_endpoints)], hanging)
        accepted.append(submit_all(pool, "other", ["https://works:443"] * 9, hanging))
        hanging.let_go.set()
        assert pool.close(LONG_SECONDS)
        hanging.let_go.clear()
    assert accepted == [5, 5]


def test_fifty_hanging_endpoints_do_not_raise_another_tenant_s_p99(pool, hanging):
    alone = p99_start_delay_seconds(pool)
    assert submit_all(pool, "slow", [f"https://e{n}:443" for n in range(50)], hanging) == 5
    beside = p99_start_delay_seconds(pool)
    assert hanging.started == 5  # they hung all the while
    assert beside <= 1.1 * alone + 0.1  # a busy machine's own noise; a wait for a hanging one would be seconds
