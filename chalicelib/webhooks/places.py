"""The places of an endpoint: at most five attempts at a time, over all sender processes, at next to no cost.

Two of the five are given away by the log: its pages are written one after the other, so a page knows what the
pages before it gave. An event that got a place makes its first attempt without asking anybody. All other attempts
(retries, bursts) need one of the three that are leased (``leases.py``), at a write for many attempts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GIVEN = 2  # by pages of the log
LEASED = 3  # by the endpoint's item
REMEMBERED = 20  # places in use that a page carries on: of any number of endpoints
BEGIN_SECONDS = 20  # an event has to begin its attempt within
ATTEMPT_SECONDS = 20  # no attempt lasts longer


@dataclass(frozen=True, slots=True)
class Given:
    """What a page gives.

    Attributes:
        in_use: ``[endpoint, Unix seconds]`` of every place that may be in use, and until when; for the next page.
        numbers: the events that have a place.
        begin_by: Unix seconds until which these have to begin.
    """

    in_use: list[list[Any]]
    numbers: list[int]
    begin_by: int


def give(in_use: Sequence[Sequence[Any]], events: Sequence[tuple[int, str]], now: int) -> Given:
    """Give the free places of endpoints to events, first come, first served.

    Args:
        in_use: of the page before.
        events: number and endpoint of each event that goes somewhere.
        now: Unix seconds.
    """
    kept = [[endpoint, until] for endpoint, until in in_use if until > now]
    taken = Counter(endpoint for endpoint, _ in kept)
    numbers: list[int] = []
    for number, endpoint in events:
        if taken[endpoint] < GIVEN and len(kept) < REMEMBERED:
            taken[endpoint] += 1
            kept.append([endpoint, now + BEGIN_SECONDS + ATTEMPT_SECONDS])
            numbers.append(number)
    return Given(kept, numbers, now + BEGIN_SECONDS)
