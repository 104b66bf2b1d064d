"""One operation under test: how it is begun, begun again, and what else must be the same afterwards."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.storage.store import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from tests.faults.gateway import Gateway
from tests.faults.storage import Message

Act = Callable[[Gateway], bool]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """What is done once, under a fault.

    Attributes:
        act: does it; returns whether whoever asked for it takes it as done.
        is_asked: a client or an operator asks, and asks again until it is done; a power cut does not stop them.
        look: what else must be the same at the end.
        is_scheduled: nobody asks: it runs again by a minute later anyhow.
        has_twin: another process may be doing the same beside it.
        twin: what that does, when it is not the same.
        left_out: facts that may differ (what a client that has no idempotency key leaves behind).
    """

    act: Act
    is_asked: bool = False
    is_scheduled: bool = False
    look: Callable[[Gateway], Any] = lambda _: None
    left_out: frozenset[str] = frozenset()
    has_twin: bool = True
    twin: Act | None = None

    def begin(self, gateway: Gateway) -> bool:
        """Do it; a refusal of the storage ends it, as it ends a function on AWS."""
        return self._done(self.act, gateway)

    def overtake(self, gateway: Gateway) -> None:
        """Do it, or what its twin does, in a process of its own."""
        mine = gateway.env
        gateway.start_process()
        self._done(self.twin or self.act, gateway)
        gateway.use(mine)

    def _done(self, act: Act, gateway: Gateway) -> bool:
        try:
            return act(gateway)
        except (StorageUnavailableError, ConflictError) as error:
            logger.info("ended by %r", error)
            return False


def scheduled(run: Callable[[Gateway], None]) -> Operation:
    """Return the operation of a schedule: nobody asks again, it comes by a minute later anyhow."""

    def act(gateway: Gateway) -> bool:
        run(gateway)
        return True

    return Operation(act, is_scheduled=True)


def handled(messages: Sequence[Message]) -> Operation:
    """Return the operation of a worker: it handles messages, and those that fail come again."""
    assert messages, "a worker has something to do"
    return Operation(lambda gateway: not gateway.handle(messages))
