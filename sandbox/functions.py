"""The Lambda functions of app.py, found by what triggers them there: a new one runs here without a word."""

import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from chalice.app import ScheduledEventConfig, SQSEventConfig

from sandbox.queues.poller import Function

PRICES = "refresh_prices"
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function that runs every minute; one whose rate is an hour or more, as often as that says."""

    name: str
    function: Function
    every_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function that a queue triggers, with as many messages at a time as it says."""

    queue_name: str
    function: Function
    batch_size: int


def schedules(application_module: ModuleType) -> list[Schedule]:
    """Return the scheduled functions, prices first: nothing else should meet old ones after a jump in time."""
    found = [
        Schedule(source.name, _function(application_module, source), _every_seconds(source))
        for source in application_module.app.event_sources
        if isinstance(source, ScheduledEventConfig)
    ]
    return sorted(found, key=lambda schedule: schedule.name != PRICES)


def triggers(application_module: ModuleType) -> list[Trigger]:
    """Return the functions that queues trigger."""
    return [
        Trigger(str(source.queue), _function(application_module, source), source.batch_size)
        for source in application_module.app.event_sources
        if isinstance(source, SQSEventConfig)
    ]


def _every_seconds(source: Any) -> int:
    """Read ``rate(1 hour)``, as EventBridge has it."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", str(source.schedule_expression))
    assert rate is not None, "the product's schedules are rates"
    return int(rate[1]) * _SECONDS[rate[2]]


def _function(application_module: ModuleType, source: Any) -> Function:
    function: Function = getattr(application_module, source.handler_string.rpartition(".")[2])
    return function
