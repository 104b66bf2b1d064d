"""One call that starts the local DynamoDB and SQS, whichever engine was asked for."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import dynamodb_local, ministack
from sandbox.engine.child import Child, EngineError
from sandbox.engine.ministack import REGION

__all__ = ["ACCESS_KEY", "ENGINES", "REGION", "Engine", "EngineError", "start"]

ENGINES = ("ministack", "dynamodb-local")
ACCESS_KEY = "sluicesandbox"  # DynamoDB Local takes letters and digits only, and keeps one database for each key


@dataclass(frozen=True, slots=True)
class Engine:
    """The running local engine: where DynamoDB and SQS answer, and how to stop them."""

    dynamodb_endpoint: str
    sqs_endpoint: str
    children: tuple[Child, ...]

    def dead(self) -> list[str]:
        """Return the names of the engine's processes that have ended although nobody stopped them."""
        return [child.name for child in self.children if not child.alive]

    def stop(self) -> bool:
        """Stop every process, MiniStack with its state saved.

        Returns:
            Whether all of it was saved. Stop what uses the engine first.
        """
        saved = [_stop(child) for child in self.children]
        return all(saved)


def start(engine: str, directory: Path) -> Engine:
    """Install (the first time) and start an engine whose state lies in a directory.

    Call it from the main thread: the engines end with the thread that started them.

    Args:
        engine: ``ministack``, or ``dynamodb-local`` for tables that survive a power cut.
        directory: the engine's own directory; made when missing.

    Raises:
        EngineError: no such engine, or it cannot be installed or started; the message says why.
    """
    if engine not in ENGINES:
        raise EngineError(f"ENGINE={engine} is not known: use one of {', '.join(ENGINES)}")
    directory.mkdir(parents=True, exist_ok=True)
    if engine == "ministack":
        both, endpoint = ministack.start(directory)
        return Engine(endpoint, endpoint, (both,))
    queues, sqs_endpoint = ministack.start(directory, services="sqs")
    try:
        tables, dynamodb_endpoint = dynamodb_local.start(directory)
    except BaseException:
        queues.stop(ministack.STOP_SECONDS)
        raise
    return Engine(dynamodb_endpoint, sqs_endpoint, (tables, queues))


def _stop(child: Child) -> bool:
    if child.name == dynamodb_local.NAME:
        child.kill()  # a power cut is its clean stop: what it acknowledged is on disk
        return True
    return child.stop(ministack.STOP_SECONDS)
