"""A connection to one receiver that cannot outlast its time or its size, whatever the receiver does.

A socket's own timeout starts anew with every byte, so a receiver that drips one now and then could hold a
sender for ever: here every single read and write gets only what is left of the whole.
"""

import io
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from time import monotonic
from typing import TYPE_CHECKING, Any

from chalicelib.webhooks.guard import TargetPolicy, may_connect
from chalicelib.webhooks.targets import Target

if TYPE_CHECKING:
    import ssl

# One address that swallows packets must not use up the connect time of the others.
ADDRESSES_TRIED = 3


class DeliveryError(Exception):
    """An attempt ended without an answer; ``failure`` is the class that the log shows."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock by which something must be over."""

    at: float

    def remaining_seconds(self) -> float:
        """Return the seconds left, always more than zero.

        Raises:
            TimeoutError: none is left.
        """
        left = self.at - monotonic()
        if left <= 0:
            raise TimeoutError("the time for this delivery is used up")
        return left

    def sooner(self, seconds: float) -> "Deadline":
        """Return a deadline so many seconds from now, or this one if it comes first."""
        return Deadline(min(self.at, monotonic() + seconds))


class BoundedSocket:
    """What ``http.client`` needs of a socket, every operation cut to a deadline and a number of bytes."""

    def __init__(self, sock: socket.socket, deadline: Deadline, answer_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self.stream = BoundedStream(sock, deadline, answer_bytes)

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise TimeoutError when the deadline has come."""
        unsent = memoryview(data)
        while unsent:
            self._sock.settimeout(self._deadline.remaining_seconds())
            unsent = unsent[self._sock.send(unsent) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the answer as a file."""
        return io.BufferedReader(self.stream)

    def close(self) -> None:
        """Do nothing: ``http.client`` lets go of the socket here, its owner closes it after the answer."""


class BoundedStream(io.RawIOBase):
    """The bytes that a receiver answers, up to the limit: there the stream ends as if it had closed."""

    def __init__(self, sock: socket.socket, deadline: Deadline, answer_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._left_bytes = answer_bytes
        self.closed_by_receiver = False

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end of the answer, or of what may be read of it."""
        if not self._left_bytes:
            return 0
        self._sock.settimeout(self._deadline.remaining_seconds())
        count = self._sock.recv_into(memoryview(buffer)[: self._left_bytes])
        self._left_bytes -= count
        self.closed_by_receiver = count == 0
        return count


TlsContext = Callable[[], "ssl.SSLContext"]


@cache
def verified_tls() -> "ssl.SSLContext":
    """Return the TLS settings for receivers: certificate and host name verified by the system's authorities."""
    import ssl  # noqa: PLC0415  dear to import, and only the sender needs it

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def open_connection(
    target: Target, addresses: Sequence[str], policy: TargetPolicy, deadline: Deadline, tls: TlsContext
) -> socket.socket:
    """Connect to the first of the checked addresses that answers, TLS included.

    Args:
        target: whose name the certificate must bear.
        addresses: IP addresses that the guard has let through, best first.
        policy: what the guard is asked once more, about the address really connected to.
        deadline: when TCP and TLS must be done.
        tls: makes the TLS settings; not called for http.

    Raises:
        DeliveryError: ``connect``, ``tls`` or ``blocked_address``.
    """
    sock = _open_tcp(addresses[:ADDRESSES_TRIED], target.port, deadline)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not may_connect(str(sock.getpeername()[0]), policy):
            raise DeliveryError("blocked_address")  # noqa: TRY301  one place closes the socket
        return _open_tls(sock, target.host, deadline, tls) if target.scheme == "https" else sock
    except OSError:
        sock.close()
        raise DeliveryError("connect") from None
    except DeliveryError:
        sock.close()
        raise


def request_on(sock: BoundedSocket, target: Target) -> HTTPConnection:
    """Return an HTTP connection over an open socket. It knows no proxy and opens no other connection."""
    connection = HTTPConnection(target.host, target.port)
    connection.auto_open = 0
    connection.sock = sock
    return connection


def _open_tcp(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.remaining_seconds() / untried)
            sock.connect((address, port))
        except OSError:
            sock.close()
        else:
            return sock
    raise DeliveryError("connect")


def _open_tls(sock: socket.socket, host: str, deadline: Deadline, tls: TlsContext) -> socket.socket:
    try:
        sock.settimeout(deadline.remaining_seconds())
        return tls().wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError):  # ssl.SSLError is an OSError, a bad certificate a ValueError, too
        raise DeliveryError("tls") from None
