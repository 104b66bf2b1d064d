"""MiniStack, the default local DynamoDB and SQS: keeps its state over a clean stop, not over a power cut."""

import http.client
import os
import socket
from pathlib import Path

from sandbox.engine import child, install
from sandbox.engine.child import Child
from sandbox.engine.ministack_server import LOST_MARK

START_SECONDS = 30.0
STOP_SECONDS = 60.0
REGION = "us-east-1"
_SERVER = Path(__file__).with_name("ministack_server.py")
_REQUIREMENTS = install.REPOSITORY / "requirements-engine.txt"
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG")


def start(directory: Path, services: str = "dynamodb,sqs") -> tuple[Child, str]:
    """Start MiniStack on a free loopback port, with the state that its last clean stop left.

    Args:
        directory: where its state and its log lie; one MiniStack at a time uses it.
        services: which AWS services it offers, by MiniStack's names.

    Returns:
        The running process, to be ended by ``Child.stop``, and its endpoint URL.

    Raises:
        EngineError: it cannot be installed, or did not answer within half a minute.
    """
    python = install.environment_python("ministack-venv", _REQUIREMENTS)
    state = (directory / "ministack").absolute()
    state.mkdir(parents=True, exist_ok=True)
    with _listen(state / "port") as listening:
        port = int(listening.getsockname()[1])
        process = child.start(
            "MiniStack",
            [str(python), "-P", str(_SERVER), str(listening.fileno())],
            directory / "ministack.log",
            _environment(state, port, services),
            pass_fds=[listening.fileno()],
        )
    process.wait_until(lambda: _healthy(port), START_SECONDS)
    _tell_of_loss(state)
    return process, f"http://127.0.0.1:{port}"


def _listen(remembered: Path) -> socket.socket:
    """Take the port of last time if it is free: the queues' stored URLs name it."""
    try:
        listening = socket.create_server(("127.0.0.1", int(remembered.read_text())))
    except (OSError, ValueError):
        listening = socket.create_server(("127.0.0.1", 0))
    remembered.write_text(str(listening.getsockname()[1]))
    return listening


def _environment(state: Path, port: int, services: str) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_DATA_DIR": str(state / "s3"),
        "SERVICES": services,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state}/no-docker-socket",  # it would tidy up containers, which are none of ours
    }


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def _tell_of_loss(state: Path) -> None:
    if (state / LOST_MARK).exists():
        print("MiniStack was not stopped cleanly last time: its data is that of the last clean stop.", flush=True)
        (state / LOST_MARK).unlink()
