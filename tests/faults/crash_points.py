"""Runs one operation with every fault at every one of its calls, and demands the same end each time."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults import chain_copy, outcome, storage
from tests.faults.gateway import Gateway
from tests.faults.injection import DEMANDED, Fault, Faults
from tests.faults.operation import Operation

SETTLING_MINUTES = 4
PATIENCE_MINUTES = 20
AS_QUEUES_DO, AGAIN_ANYHOW, DROPPED = range(3)
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


@dataclass
class Count:
    """What was run."""

    positions: int = 0
    cases: int = 0


@dataclass
class CrashPoints:
    """One operation on one gateway, from a state that every case starts from."""

    gateway: Gateway
    faults: Faults
    prepare: Callable[[Gateway], Operation]
    kinds: Collection[Fault] = tuple(Fault)
    end: Any = None

    def run(self) -> Count:
        """Run every case, and return how many there were."""
        self.operation = self.prepare(self.gateway)
        self.saved, self.time = storage.save(), self.gateway.clock.time
        self.chains = chain_copy.save(self.gateway.node)
        self.got = list(self.gateway.receiver.got)
        calls, self.end = self._undisturbed()
        assert calls, "an operation asks something of AWS"
        count = Count(positions=len(calls))
        cases = _cases(calls, has_twin=self.operation.has_twin)
        for number, (position, fault) in enumerate(case for case in cases if case[1] in self.kinds):
            where = f"{fault} at call {position + 1} of {len(calls)}: {calls[position]}"
            self._case(position, fault, number % 3, where)
            count.cases += 1
        return count

    def _undisturbed(self) -> tuple[list[str], Any]:
        self._start()
        with self.faults.at(None, None):
            assert self.operation.begin(self.gateway), "nothing goes wrong"
        calls = self.faults.made
        self.gateway.settle()
        for _ in range(SETTLING_MINUTES):
            self.gateway.minute()
        for _ in range(PATIENCE_MINUTES):
            if not outcome.is_pending():
                break
            self.gateway.minute()
        end = self._end()
        outcome.check(self.gateway)
        return calls, end

    def _case(self, position: int, fault: Fault, mode: int, where: str) -> None:
        try:
            self._start()
            is_done = False
            with self.faults.at(position, fault, lambda: self.operation.overtake(self.gateway)):
                is_done = self.operation.begin(self.gateway)
            assert self.faults.has_fired, "the fault was met"
            self._go_on(is_done=is_done, mode=mode)
            self._wait(mode)
            outcome.check(self.gateway)
        except AssertionError as error:
            error.add_note(f"{where}, {('redelivered', 'delivered again', 'queues dropped')[mode]}")
            raise

    def _start(self) -> None:
        storage.restore(self.saved)
        chain_copy.restore(self.gateway.node, self.chains)
        self.gateway.clock.time = self.time
        self.gateway.receiver.got[:] = self.got
        self.gateway.receiver.status = 200
        self.gateway.heard.clear()
        self.gateway.drop_messages()
        self.gateway.start_process()

    def _go_on(self, *, is_done: bool, mode: int) -> None:
        """Start anew after the fault: the messages that failed come again, or all are lost."""
        self.gateway.start_process()
        if mode == DROPPED:
            self.gateway.drop_messages()
        if self.operation.is_asked:
            while not is_done:
                is_done = self.operation.begin(self.gateway)
        elif mode == AGAIN_ANYHOW or (mode == AS_QUEUES_DO and not is_done):
            assert self.operation.begin(self.gateway), "without a fault it is done"
        self.gateway.settle()

    def _wait(self, mode: int) -> None:
        """Let minutes pass until the end is reached; what only had to be delivered again needs none."""
        if mode != DROPPED and not self.operation.is_scheduled and self._end() == self.end:
            return
        for _ in range(PATIENCE_MINUTES):
            self.gateway.minute()
            if self._end() == self.end:
                return
        (facts, looked), (wanted, to_look) = self._end(), self.end
        differing = {name: (facts[name], fact) for name, fact in wanted.items() if facts[name] != fact}
        raise AssertionError(f"it never came to the same end: {differing or (looked, to_look)}")

    def _end(self) -> Any:
        facts = outcome.facts(self.gateway)
        try:
            looked = self.operation.look(self.gateway)
        except LookupError:
            looked = None
        return {name: fact for name, fact in facts.items() if name not in self.operation.left_out}, looked


def _cases(calls: Sequence[str], *, has_twin: bool) -> Iterator[tuple[int, Fault]]:
    """Every position with every fault; of the reads, those that are demanded: there the others are no news."""
    for position, call in enumerate(calls):
        yield from ((position, fault) for fault in DEMANDED)
        if call in WRITES:
            yield position, Fault.REPEATED
        if call in WRITES and has_twin:
            yield position, Fault.OVERTAKEN
