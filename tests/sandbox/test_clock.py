from pathlib import Path

from sandbox.clock import SandboxClock
from sandbox.state_file import StateFile

START = 1_800_000_000.0


class Machine:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


def test_it_starts_at_real_time_and_goes_with_it(tmp_path: Path) -> None:
    machine = Machine()
    clock = SandboxClock(StateFile(tmp_path / "clock"), machine)
    assert clock.now() == START
    machine.time += 7
    assert clock.now() == START + 7


def test_a_jump_is_kept_over_a_kill(tmp_path: Path) -> None:
    machine = Machine()
    SandboxClock(StateFile(tmp_path / "clock"), machine).move_to(START + 3600)
    machine.time += 10
    again = SandboxClock(StateFile(tmp_path / "clock"), machine)
    assert again.now() == START + 3610


def test_it_never_goes_back(tmp_path: Path) -> None:
    machine = Machine()
    clock = SandboxClock(StateFile(tmp_path / "clock"), machine)
    clock.move_to(START + 60)
    clock.move_to(START + 30)
    assert clock.now() == START + 60
    machine.time -= 86_400
    assert clock.now() == START + 60


def test_a_machine_that_was_set_back_between_two_runs_does_not_stop_it(tmp_path: Path) -> None:
    machine = Machine()
    clock = SandboxClock(StateFile(tmp_path / "clock"), machine)
    clock.move_to(START + 60)
    machine.time -= 86_400
    again = SandboxClock(StateFile(tmp_path / "clock"), machine)
    assert again.now() == START + 60
    machine.time += 5
    assert again.now() == START + 65
