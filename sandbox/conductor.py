"""Moves the sandbox on: blocks, ticks, schedules, delays, the clock — one of them at a time, each to its end.

Whatever time the clock jumps over, everything that falls due on the way runs in its order.
"""

import logging
import math
import threading
from collections.abc import Callable, Sequence

from sandbox.clock import SandboxClock
from sandbox.due_work import DueWork
from sandbox.functions import Schedule
from sandbox.queues.lambda_event import schedule_event
from sandbox.queues.post_office import DELIVERIES, PostOffice

logger = logging.getLogger(__name__)

MINUTE = 60
HOUR = 60 * MINUTE
DRAIN_SECONDS = 20.0  # longer than one webhook attempt may take
RECEIVER_SECONDS = 2.0  # a control does not wait longer for receivers that hang; settle and advance do
SETTLE_SECONDS = 300.0
EDGE_MINUTES = 3  # at each end of a jump every minute's schedules run: sweeps look again at what they left

MineBlock = Callable[[str], object]
Tick = Callable[[str], None]


class Conductor:
    """Runs what is due.

    Args:
        clock: the sandbox's.
        post_office: the queues.
        schedules: the functions that run every minute, and those that run less often.
        due_work: what will fall due in the table.
        mine: mines one block of a chain.
        tick: lets the product read one chain's new blocks.
    """

    def __init__(
        self,
        clock: SandboxClock,
        post_office: PostOffice,
        schedules: Sequence[Schedule],
        due_work: DueWork,
        mine: MineBlock,
        tick: Tick,
    ) -> None:
        self._clock = clock
        self._post_office = post_office
        self._schedules = schedules
        self._due_work = due_work
        self._mine = mine
        self._tick_chain = tick
        self._turn = threading.RLock()
        self._minute_run = 0
        self._turns_run = {one.name: int(clock.now()) // one.every_seconds for one in schedules}

    def mine(self, blockchain: str, count: int) -> None:
        """Mine blocks one after the other; each is read, and what it set off dealt with, before the next."""
        for _ in range(count):
            with self._turn:
                self._mine(blockchain)
                self.tick(blockchain)
            self._drain_workers()
        self.drain(RECEIVER_SECONDS)

    def mine_on(self, blockchain: str) -> None:
        """Mine one block and have it read; what it sets off goes on by itself."""
        with self._turn:
            self._mine(blockchain)
            self.tick(blockchain)

    def tick(self, blockchain: str) -> None:
        """Let the product read a chain now; a scan that fails is made up for by the next one."""
        with self._turn:
            try:
                self._tick_chain(blockchain)
            except Exception:
                logger.exception("the scan of %s ended in an error", blockchain)

    def look_at(self, blockchain: str) -> None:
        """Let the product read a chain, and deal with what it saw."""
        self.tick(blockchain)
        self.follow_up()

    def follow_up(self) -> None:
        """Deal with what was just set off: the workers to their end, the webhooks unless a receiver hangs."""
        self._drain_workers()
        self.drain(RECEIVER_SECONDS)

    def run_due(self) -> None:
        """Run what is due now: delayed messages, and the schedules once for a minute that has begun."""
        self._post_office.release_due()
        with self._turn:
            if int(self._clock.now()) // MINUTE > self._minute_run:
                self.run_schedules()

    def run_schedules(self) -> None:
        """Run every schedule once, in their order; the hourly and daily ones in the first minute of their turn."""
        with self._turn:
            self._minute_run = int(self._clock.now()) // MINUTE
            for schedule in self._schedules:
                if self._is_its_turn(schedule):
                    self._run(schedule)

    def drain(self, seconds: float = DRAIN_SECONDS) -> bool:
        """Wait until no queue holds anything due; tells whether that was so before the time was up."""
        self._post_office.release_due()
        return self._post_office.wait_idle(seconds)

    def settle(self) -> bool:
        """Run all that is due now, to its end; tells whether an end was reached in five minutes."""
        self.run_due()
        return self.drain(SETTLE_SECONDS)

    def advance(self, seconds: float) -> None:
        """Move the clock on, and run what falls due on the way, in its order."""
        with self._turn:
            started = self._clock.now()
            until = started + seconds
            self.run_due()
            self.drain()
            while (stop := self._next_stop(self._clock.now(), started, until)) is not None:
                self._clock.move_to(stop)
                self.run_due()
                self.drain()
            self._clock.move_to(until)
            self.run_due()
            self.drain()

    def drop_messages(self) -> None:
        """Lose what is in the queues."""
        with self._turn:
            self._post_office.drop_all()

    def _next_stop(self, now: float, started: float, until: float) -> float | None:
        """Return the next time at which something is due, before the end of the jump."""
        message = self._post_office.next_due()
        stop = min(_edge_minute(now, started, until), until if message is None else max(message, now))
        due = self._due_work.next_after(self._minute_run * MINUTE, stop)
        if due is not None:
            stop = min(stop, max(_full_minute(due), _next_minute(now)))
        return stop if stop < until else None

    def _drain_workers(self) -> None:
        """Wait for all but the webhooks: a slow receiver does not hold up the next block."""
        self._post_office.release_due()
        self._post_office.wait_idle(DRAIN_SECONDS, self._post_office.roles - {DELIVERIES})

    def _is_its_turn(self, schedule: Schedule) -> bool:
        if schedule.every_seconds < HOUR:
            return True
        turn = int(self._clock.now()) // schedule.every_seconds
        last, self._turns_run[schedule.name] = self._turns_run[schedule.name], turn
        return turn > last

    def _run(self, schedule: Schedule) -> None:
        try:
            schedule.function(schedule_event(schedule.name, self._clock.now()), None)
        except Exception:
            logger.exception("the schedule %s ended in an error", schedule.name)


def _next_minute(time: float) -> float:
    """Return the first full minute after a time: when the schedules run next."""
    return float(math.floor(time / MINUTE) + 1) * MINUTE


def _full_minute(time: float) -> float:
    """Return the full minute that comes with or after a time."""
    return float(math.ceil(time / MINUTE)) * MINUTE


def _edge_minute(now: float, started: float, until: float) -> float:
    """Return the next minute near the beginning or the end of the jump."""
    following = _next_minute(now)
    if following <= started + EDGE_MINUTES * MINUTE:
        return following
    last_minutes = _next_minute(until) - EDGE_MINUTES * MINUTE
    return max(following, last_minutes)
