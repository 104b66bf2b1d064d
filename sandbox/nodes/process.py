"""A node's process: started on a free port of 127.0.0.1, leashed to its owner, told when it answers."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import child
from sandbox.engine.child import Child, EngineError
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 5.0  # what a node has to save is saved before it is asked to end
ATTEMPTS = 3
_LEASH = Path(child.__file__).with_name("leash.py")


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """A running node: where it listens, how it is asked, and how it is ended with its work saved.

    Attributes:
        url: where it answers, with the user and password that it wants.
        rpc: asks it.
    """

    url: str
    rpc: JsonRpc
    child: Child
    ask_to_stop: Callable[[JsonRpc], None]

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on."""
        return self.rpc.port

    def stop(self) -> None:
        """End it with its work saved; one that does not end in time, or is dead already, is simply gone."""
        try:
            self.ask_to_stop(self.rpc)
        except (OSError, NodeSaysNoError):
            self.kill()
        self.child.stop(STOP_SECONDS)
        self.rpc.close()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.rpc.close()
        self.child.kill()


def start(
    name: str,
    command_on: Callable[[int], Sequence[str]],
    question: str,
    log: Path,
    ask_to_stop: Callable[[JsonRpc], None],
    *,
    login: str = "",
    environment: Mapping[str, str] | None = None,
) -> NodeProcess:
    """Start a node and return once it answers.

    Args:
        name: what it is called in messages.
        command_on: gives the command that has it listen on a port.
        question: a method that it answers when it is ready.
        log: where its output goes.
        ask_to_stop: asks it to end, with its work saved.
        login: ``user:password`` that it wants; empty when it wants none.
        environment: its environment; ours when left out.

    Raises:
        EngineError: it did not answer in time; the message ends with its log.
    """
    for attempt in range(1, ATTEMPTS + 1):
        port = _free_port()
        leashed = [sys.executable, "-S", str(_LEASH), str(os.getpid()), *command_on(port)]
        process = child.start(name, leashed, log, environment or os.environ)
        rpc = JsonRpc(LOOPBACK, port, login=login)
        try:
            process.wait_until(lambda rpc=rpc: _answers(rpc, question), START_SECONDS)  # type: ignore[misc]
        except EngineError:
            rpc.close()
            if attempt == ATTEMPTS:  # the port may have been taken by another in the meantime: not three times
                raise
        else:
            host = f"{login}@{LOOPBACK}" if login else LOOPBACK
            return NodeProcess(f"http://{host}:{port}", rpc, process, ask_to_stop)
    raise AssertionError("the loop returns or raises")


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(rpc: JsonRpc, question: str) -> bool:
    try:
        rpc.ask(question)
    except NodeSaysNoError:  # it is still loading
        return False
    return True
