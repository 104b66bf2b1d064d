"""DynamoDB Local, AWS's own engine: the strictest, and the one whose tables survive a power cut.

Its licence asks for an AWS account and forbids redistribution, so it is fetched only when asked for.
"""

import http.client
import os
import socket
import sys
from pathlib import Path

from sandbox.engine import child, dynamodb_local_install
from sandbox.engine.child import Child
from sandbox.engine.loopback import restrict_to_loopback

NAME = "DynamoDB Local"
START_SECONDS = 60.0
_LEASH = Path(__file__).with_name("leash.py")
_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")


def start(directory: Path, *, in_memory: bool = False) -> tuple[Child, str]:
    """Start DynamoDB Local on a free port, with its database in a directory or, for tests, in memory.

    Each access key (letters and digits only) has a database of its own.

    Returns:
        The running process, to be ended by ``Child.kill`` (all that it acknowledged is on disk), and its endpoint.

    Raises:
        EngineError: it or a Java of version 17 or later cannot be had, or it did not answer within a minute.
    """
    jar = dynamodb_local_install.jar()
    java = dynamodb_local_install.java()
    port = _free_port()
    storage = ["-inMemory"] if in_memory else ["-dbPath", str(_database(directory))]
    command = [str(java), *_JVM, f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}", "-jar", str(jar)]
    process = child.start(
        NAME,
        [
            sys.executable,
            "-S",
            str(_LEASH),
            str(os.getpid()),
            *command,
            "-port",
            str(port),
            "-disableTelemetry",
            *storage,
        ],
        directory / "dynamodb-local.log",
        os.environ,
    )
    process.wait_until(lambda: _answers(port), START_SECONDS)
    if not restrict_to_loopback(process.process.pid, port):
        print(
            f"WARNING: {NAME} listens on all interfaces, port {port}: others on your network can reach it.",
            flush=True,
        )
    return process, f"http://127.0.0.1:{port}"


def _database(directory: Path) -> Path:
    database = (directory / "dynamodb-local").absolute()
    database.mkdir(parents=True, exist_ok=True)
    return database


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except http.client.HTTPException:
        return False
    finally:
        connection.close()
