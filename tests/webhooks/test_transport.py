import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from threading import Event, Thread

import pytest

from chalicelib.webhooks.connection import BoundedStream, Deadline, DeliveryError, open_connection
from chalicelib.webhooks.guard import TargetPolicy
from chalicelib.webhooks.lookup import ResolveError
from chalicelib.webhooks.targets import Target, check_registration, check_url
from chalicelib.webhooks.transport import Attempt, Limits, post

STRICT, LOCAL = TargetPolicy(), TargetPolicy(allow_local=True)
NOW = 1_614_265_330.0  # Thu, 25 Feb 2021 15:02:10 GMT
SHORT = Limits(lookup_seconds=0.3, connect_seconds=0.3, total_seconds=0.4)
# Far above what any of these needs, and far below what an unbounded wait would take.
SOON_SECONDS = 5.0

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket], None]


class Receiver:
    """A TCP server on loopback that reads each request whole and then plays a script."""

    def __init__(self, script: Script) -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self.stopped = Event()
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def stop(self) -> None:
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                with closing(connection), suppress(OSError):
                    self._read(connection)
                    self._script(connection)

    def _read(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = connection.recv(65536)
            if not chunk:
                return
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)


@pytest.fixture
def receiver() -> Iterator[Callable[[bytes | Script], Receiver]]:
    started: list[Receiver] = []

    def start(script: bytes | Script) -> Receiver:
        play = script if callable(script) else lambda connection: connection.sendall(script)
        started.append(Receiver(play))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def loopback(_host: str) -> list[str]:
    return ["127.0.0.1"]


def send(
    port: int, *, host: str = "hook.example.com", body: bytes = b"{}", resolver=loopback, limits=None
) -> Attempt:
    target = check_url(f"http://{host}:{port}/in?a=b", LOCAL)
    headers = {"webhook-id": "evt_1", "content-type": "application/json"}
    return post(target, headers, body, resolver, LOCAL, now=NOW, limits=limits or Limits())


def drip(start: bytes) -> Script:
    def play(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:  # until the sender hangs up
            time.sleep(0.02)
            connection.sendall(b"x")

    return play


def test_a_message_arrives_as_it_was_signed(receiver):
    server = receiver(OK)
    attempt = send(server.port, body=b'{"a": 1}')
    assert (attempt.status_code, attempt.failure, attempt.succeeded) == (200, None, True)
    assert attempt.duration_ms < 5000
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /in?a=b HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: hook.example.com:{server.port}",
        "Accept-Encoding: identity",
        "Content-Length: 8",
        "webhook-id: evt_1",
        "content-type: application/json",
        "Connection: close",
    }
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(receiver, status):
    attempt = send(receiver(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status).port)
    assert (attempt.status_code, attempt.failure) == (status, None)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_4xx_and_5xx_fail_with_their_status(receiver, status):
    attempt = send(receiver(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status).port)
    assert (attempt.status_code, attempt.failure) == (status, "http_status")
    assert attempt.gone == (status == 410)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    elsewhere = receiver(OK)
    location = f"http://127.0.0.1:{elsewhere.port}/"
    attempt = send(receiver(f"HTTP/1.1 {status} X\r\nLocation: {location}\r\n\r\n".encode()).port)
    assert (attempt.status_code, attempt.failure) == (status, "redirect")
    assert elsewhere.accepted == 0


def test_an_interim_answer_is_not_the_answer(receiver):
    assert send(receiver(b"HTTP/1.1 100 Continue\r\n\r\n" + OK).port).status_code == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 90", 90),
        ("retry-after: Thu, 25 Feb 2021 15:03:10 GMT", 60),
        ("Retry-After: soon", None),
        ("X: 1", None),
    ],
)
def test_retry_after_is_read(receiver, header, seconds):
    answer = f"HTTP/1.1 503 X\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode()
    assert send(receiver(answer).port).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("start", "status_code"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", 200),
    ],
)
def test_a_dripping_answer_ends_at_the_deadline(receiver, start, status_code):
    started = time.monotonic()
    attempt = send(receiver(drip(start)).port, limits=SHORT)
    assert (attempt.status_code, attempt.failure) == (status_code, "timeout")
    assert not attempt.succeeded
    assert 0.4 <= time.monotonic() - started < SOON_SECONDS
    assert 400 <= attempt.duration_ms < SOON_SECONDS * 1000


def test_a_silent_receiver_ends_at_the_deadline(receiver):
    attempt = send(receiver(lambda connection: connection.recv(1)).port, limits=SHORT)
    assert (attempt.status_code, attempt.failure, attempt.answered) == (None, "timeout", False)


def test_a_receiver_that_reads_nothing_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        attempt = send(listener.getsockname()[1], body=bytes(50_000_000), limits=SHORT)
    assert (attempt.status_code, attempt.failure) == (None, "timeout")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
def test_of_an_endless_answer_64_kb_are_read_and_the_status_counts(receiver, head):
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head)
        while True:  # until the sender hangs up
            sent += connection.send(b"2000\r\n" + bytes(0x2000) + b"\r\n")

    attempt = send(receiver(flood).port)
    assert (attempt.status_code, attempt.failure) == (200, None)
    assert attempt.duration_ms < SOON_SECONDS * 1000
    assert sent < 20_000_000  # what the kernels' buffers hold, not what fifteen seconds of flooding give


@pytest.mark.parametrize("line", [b"X: y\r\n", b"X" * 1000])
def test_endless_headers_are_cut_off(receiver, line):
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(line)

    attempt = send(receiver(flood).port)
    assert attempt.failure in {None, "protocol"}
    assert attempt.duration_ms < SOON_SECONDS * 1000


def test_no_byte_over_the_limit_is_read():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(bytes(3000))
        stream = BoundedStream(ours, Deadline(time.monotonic() + 5), 1000)
        assert len(stream.readall()) == 1000
        assert len(ours.recv(9999)) == 2000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x00",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
def test_no_sound_http_answer_is_a_protocol_failure(receiver, answer):
    attempt = send(receiver(answer).port)
    assert (attempt.status_code, attempt.failure) == (None, "protocol")


def test_a_body_that_breaks_off_does_not_undo_the_status(receiver):
    attempt = send(receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").port)
    assert (attempt.status_code, attempt.failure) == (200, None)


@pytest.fixture
def dead_port() -> Iterator[int]:
    with socket.socket() as bound:  # bound, but nobody listens
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_dead_port_is_a_connect_failure(dead_port):
    assert send(dead_port).failure == "connect"


def test_a_host_that_swallows_packets_ends_at_the_connect_limit():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for filler in waiting:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        attempt = send(listener.getsockname()[1], limits=Limits(connect_seconds=0.3))
        for filler in waiting:
            filler.close()
    assert attempt.failure == "connect"
    assert 290 <= attempt.duration_ms < 3000


def test_the_next_address_is_tried_when_the_first_refuses(receiver):
    server = receiver(OK)
    assert send(server.port, resolver=lambda _: ["127.0.0.2", "127.0.0.1"]).status_code == 200


def unresolved(host: str) -> list[str]:
    raise ResolveError(host)


def slow_lookup(_host: str) -> list[str]:
    time.sleep(1)
    return ["127.0.0.1"]


@pytest.mark.parametrize("resolver", [unresolved, lambda _: [], slow_lookup])
def test_a_name_without_an_address_in_time_is_a_dns_failure(resolver, dead_port):
    attempt = send(dead_port, resolver=resolver, limits=SHORT)
    assert attempt.failure == "dns"
    assert attempt.duration_ms < 900


def test_a_resolver_s_bug_is_not_taken_for_a_missing_name(dead_port):
    with pytest.raises(KeyError):
        send(dead_port, resolver=lambda host: [{}[host]])


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["127.0.0.1", "nonsense"], ["::ffff:127.0.0.1"]]
)
def test_one_address_inside_blocks_the_delivery(receiver, addresses):
    server = receiver(OK)
    assert send(server.port, resolver=lambda _: addresses).failure == "blocked_address"
    assert server.accepted == 0


def test_a_name_that_turns_inward_after_registration_is_blocked(receiver):
    server = receiver(OK)
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    registered = check_registration("https://rebind.example.com/a", STRICT, lambda _: next(answers))
    target = Target("http", registered.host, server.port, registered.path)
    attempt = post(target, {}, b"{}", lambda _: next(answers), STRICT, now=NOW)
    assert (attempt.status_code, attempt.failure) == (None, "blocked_address")
    assert server.accepted == 0


def test_the_name_is_looked_up_once_and_the_checked_address_is_connected_to(receiver):
    server = receiver(OK)
    asked = []
    assert send(server.port, resolver=lambda host: asked.append(host) or ["127.0.0.1"]).succeeded
    assert asked == ["hook.example.com"]


def test_the_address_really_connected_to_is_checked_again(receiver):
    server = receiver(OK)
    target = Target("http", "hook.example.com", server.port, "/")
    with pytest.raises(DeliveryError, match="blocked_address"):
        open_connection(target, ["127.0.0.1"], STRICT, Deadline(time.monotonic() + 5), lambda: None)
    assert server.requests == []


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch, dead_port):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{dead_port}")
    assert send(receiver(OK).port).succeeded
