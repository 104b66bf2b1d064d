"""A clock that stands still until a test moves it."""

START = 1_790_000_000.0  # 2026-09-21T13:33:20Z


class FakeClock:
    def __init__(self, start: float = START) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds
