"""An HTTP connection to a node that cannot outlast its time.

A socket's own timeout starts anew with every byte; here each read and write gets only what is left of the whole.
"""

import http.client
import io
import socket
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


class Deadline:
    """A moment on the monotonic clock; the next exchange on a connection moves it."""

    def __init__(self) -> None:
        self.at = 0.0

    def left_seconds(self) -> float:
        """Return what is left until then; raises TimeoutError when it has come."""
        left = self.at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Connection(http.client.HTTPConnection):
    """An HTTP connection all of whose operations end by its deadline. Let go of, it closes."""

    def __init__(self, host: str, port: int, is_tls: bool) -> None:
        super().__init__(host, port)
        self.deadline = Deadline()
        self._is_tls = is_tls

    def connect(self) -> None:
        """Open the connection, TLS included."""
        opened = socket.create_connection((self.host, self.port), self.deadline.left_seconds())
        sock: socket.socket = _OwnSocket(fileno=opened.detach())
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._is_tls:
                sock.settimeout(self.deadline.left_seconds())
                sock = verified_tls().wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = _BoundedSocket(sock, self.deadline)


class _OwnSocket(socket.socket):
    """Closes when it is let go of, as connections are that were kept for a question that never came."""

    def __del__(self) -> None:
        self.close()


class _BoundedSocket(io.RawIOBase):
    """What ``http.client`` needs of a socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        """Send everything by the deadline."""
        unsent = memoryview(data)
        while unsent:
            self._sock.settimeout(self._deadline.left_seconds())
            unsent = unsent[self._sock.send(unsent) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a stream of the next answer; closing it leaves the socket open."""
        return io.BufferedReader(_Stream(self._sock, self._deadline))

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
        super().close()


class _Stream(io.RawIOBase):
    """The bytes of an answer by the deadline, also of one that ``http.client`` has closed the socket under."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)  # the socket closes when it and its streams are let go of

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left_seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


@cache
def verified_tls() -> "ssl.SSLContext":
    """Return the TLS settings: certificate and host name verified by the system's authorities."""
    import ssl  # noqa: PLC0415 - dear to import, and only who asks nodes needs it

    class OwnTlsSocket(ssl.SSLSocket):
        """The same under TLS."""

        def __del__(self) -> None:
            self.close()

    context = ssl.create_default_context()
    context.sslsocket_class = OwnTlsSocket
    return context
