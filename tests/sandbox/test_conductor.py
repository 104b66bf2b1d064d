"""An advance of the clock runs what falls due on the way, in its order, and nothing in between."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.clock import SandboxClock
from sandbox.conductor import Conductor
from sandbox.functions import Schedule
from sandbox.state_file import StateFile

START = 1_800_000_030.0  # half a minute past a full one
MINUTE = 60.0


class FakePostOffice:
    """Messages with a delay, and queues that are always at rest."""

    roles = {"deposits", "deliveries"}  # noqa: RUF012

    def __init__(self, clock: SandboxClock, log: list[tuple[str, float]]) -> None:
        self.clock, self.log = clock, log
        self.delayed: list[float] = []
        self.dropped = False

    def release_due(self) -> int:
        due = [time for time in self.delayed if time <= self.clock.now()]
        self.delayed = [time for time in self.delayed if time not in due]
        self.log += [("message", self.clock.now()) for _ in due]
        return len(due)

    def next_due(self) -> float | None:
        return min(self.delayed, default=None)

    def wait_idle(self, seconds: float, roles: Any = None) -> bool:
        return True

    def drop_all(self) -> None:
        self.dropped = True


class Scene:
    def __init__(self, directory: Path) -> None:
        self.log: list[tuple[str, float]] = []
        self.due: list[float] = []
        self.clock = SandboxClock(StateFile(directory / "clock"), lambda: START)
        self.post = FakePostOffice(self.clock, self.log)
        schedules = [Schedule("sweep", self._sweep), Schedule("broken", self._broken)]
        due_work: Any = SimpleNamespace(next_after=self._next_after)
        post: Any = self.post
        self.conductor = Conductor(self.clock, post, schedules, due_work, self._mine, self._tick)

    def times(self, kind: str) -> list[float]:
        return [time - START for name, time in self.log if name == kind]

    def _sweep(self, event: Any, context: Any) -> None:
        now = self.clock.now()
        assert event["time"]
        self.log.append(("sweep", now))
        self.log.extend(("attempt", now) for time in self.due if time <= now)
        self.due = [time for time in self.due if time > now]

    def _broken(self, event: Any, context: Any) -> None:
        raise RuntimeError("one schedule's error must not stop the others")

    def _next_after(self, after: float, until: float) -> float | None:
        return min((time for time in self.due if after < time <= until), default=None)

    def _mine(self, blockchain: str) -> None:
        self.log.append((f"mine {blockchain}", self.clock.now()))

    def _tick(self, blockchain: str) -> None:
        self.log.append((f"tick {blockchain}", self.clock.now()))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_short_jump_runs_every_minute_that_begins(scene: Scene) -> None:
    scene.conductor.advance(120)
    assert scene.times("sweep") == [0, 30, 90]
    assert scene.clock.now() == START + 120


def test_messages_and_attempts_run_at_their_time_in_their_order(scene: Scene) -> None:
    hour = 3600.0
    scene.post.delayed = [START + 5 * hour, START + 5]
    scene.due = [START + 2 * hour + 1, START + 9 * hour]
    scene.conductor.advance(10 * hour)
    events = [(name, time - START) for name, time in scene.log if name != "sweep"]
    assert events == [
        ("message", 5),
        ("attempt", 2 * hour + 30),
        ("message", 5 * hour),
        ("attempt", 9 * hour + 30),
    ]


def test_a_long_jump_stops_at_its_ends_and_where_something_is_due(scene: Scene) -> None:
    scene.conductor.advance(30 * 86_400)
    assert scene.times("sweep")[:4] == [0, 30, 90, 150]
    assert len(scene.times("sweep")) < 12
    assert scene.clock.now() == START + 30 * 86_400


def test_what_a_sweep_leaves_undone_does_not_hold_the_clock(scene: Scene) -> None:
    scene.due = [START + 1000]
    scene._sweep = lambda event, context: None  # type: ignore[method-assign]
    conductor: Any = scene.conductor
    conductor._schedules = []
    conductor.advance(5000)
    assert scene.clock.now() == START + 5000


def test_an_attempt_due_on_the_full_minute_is_not_late(scene: Scene) -> None:
    scene.due = [START + 30 + 10 * MINUTE]
    scene.conductor.advance(3600)
    assert scene.times("attempt") == [30 + 10 * MINUTE]


def test_each_block_is_read_before_the_next_is_mined(scene: Scene) -> None:
    scene.conductor.mine("TRX", 3)
    assert [name for name, _ in scene.log] == ["mine TRX", "tick TRX"] * 3


def test_schedules_run_once_for_a_minute(scene: Scene) -> None:
    scene.conductor.run_due()
    scene.conductor.run_due()
    assert scene.conductor.settle()
    assert scene.times("sweep") == [0]


def test_hourly_schedules_run_once_in_their_hour(scene: Scene) -> None:
    ran: list[float] = []
    hourly = Schedule("hourly", lambda *_: ran.append(scene.clock.now()), 3600)
    due_work: Any = SimpleNamespace(next_after=lambda *_: None)
    post: Any = scene.post
    conductor = Conductor(scene.clock, post, [hourly], due_work, scene._mine, scene._tick)
    conductor.run_schedules()
    assert ran == [], "its turn is the next one"
    for _ in range(3):
        scene.clock.move_to(scene.clock.now() + 3600)
        conductor.run_schedules()
        conductor.run_schedules()
    assert len(ran) == 3
