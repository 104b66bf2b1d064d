"""Prepared answers of AWS, and what a store asked for and how long it waited."""

from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.storage.store import Store
from tests.support.aws import Aws

Answer = dict[str, Any] | None


class Script:
    """Answers calls of one kind with what was prepared; None lets the call through."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = {}
        self.slept: list[float] = []
        self.asked: list[str] = []

    def answer(self, operation: str, *answers: Answer) -> None:
        self.answers[operation] = deque(answers)

    def on_call(self, model: Any, **_: Any) -> Any:
        self.asked.append(model.name)
        waiting = self.answers.get(model.name)
        prepared = waiting.popleft() if waiting else None
        if prepared is None:
            return None
        return SimpleNamespace(status_code=400 if "Error" in prepared else 200), prepared


def refused(code: str, **more: Any) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "prepared"}, "ResponseMetadata": {}, **more}


def cancelled(*reasons: str) -> dict[str, Any]:
    return refused("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.fixture
def store(aws: Aws) -> Store:
    return aws.store


@pytest.fixture
def script(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    made = Script()
    monkeypatch.setattr(aws.store, "_sleep", made.slept.append)
    events = aws.store.connection.client.meta.events
    events.register("before-call", made.on_call)
    yield made
    events.unregister("before-call", made.on_call)
