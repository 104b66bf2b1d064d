"""Whatever a client sends, the local server answers in the API's envelope, with an id, and stays up."""

import http.client
import json
import socket
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from chalicelib import environment
from chalicelib.api.application import GatewayApplication
from chalicelib.api.endpoint import Routes
from sandbox.web import api_server

LIMIT = 64 * 1024


class Note(msgspec.Struct):
    text: str


def application() -> GatewayApplication:
    routes = Routes("Test", __name__)

    @routes.get("/status", answer=dict, scopes=None)
    def status(call: Any) -> dict[str, str]:
        return {"status": "ok", "source": call.source_address}

    @routes.post("/notes/{name}", answer=dict, body=Note, scopes=None)
    def note(call: Any) -> dict[str, str]:
        return {"name": call.path["name"], "text": call.body.text}

    @routes.delete("/notes/{name}", status=204, scopes=None)
    def forget(call: Any) -> None:
        return None

    return GatewayApplication("edge", [routes])


@pytest.fixture(scope="module")
def port() -> Any:
    environment.provide(SimpleNamespace)  # type: ignore[arg-type,return-value]
    server = api_server.make_server(application(), 0)
    server.start()
    yield server.port
    server.stop()


def exchange(port: int, sent: bytes, *, half_close: bool = True) -> list[tuple[int, dict[str, str], bytes]]:
    """Send bytes and return every answer, as a client that reads to the end sees them."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(sent)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
    return list(answers(received))


def answers(received: bytes) -> Any:
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status_line, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        yield int(status_line.split()[1]), headers, rest[:length]
        received = rest[length:]


def refused(port: int, sent: bytes, status: int, code: str) -> str:
    [(got, headers, body), *_] = exchange(port, sent)
    error = json.loads(body)["error"]
    assert (got, error["code"]) == (status, code)
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"]
    assert set(error) == {"code", "message", "details"}
    assert b"Traceback" not in body
    return str(error["message"])


def post(body: bytes, *headers: bytes, path: bytes = b"/notes/a") -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: x", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_both_slash_forms_are_served_over_one_connection(port: int) -> None:
    request = b"GET /status HTTP/1.1\r\nHost: x\r\n\r\nGET /status/ HTTP/1.1\r\nHost: x\r\n\r\n"
    got = exchange(port, request)
    assert [status for status, _, _ in got] == [200, 200]
    assert json.loads(got[0][2]) == {"status": "ok", "source": "127.0.0.1"}


def test_a_body_reaches_its_route(port: int) -> None:
    body = '{"text": "grüße"}'.encode()
    [(status, _, answer)] = exchange(port, post(body, b"Content-Length: %d" % len(body), path=b"/notes/b%20c/"))
    assert status == 200
    assert json.loads(answer) == {"name": "b c", "text": "grüße"}


def test_a_chunked_body_is_read(port: int) -> None:
    chunks = b'7;x=1\r\n{"text"\r\n6\r\n: "y"}\r\n0\r\nTrailer: z\r\n\r\n'
    sent = post(chunks, b"Transfer-Encoding: chunked") + b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n"
    first, second = exchange(port, sent)
    assert json.loads(first[2])["text"] == "y"
    assert second[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /status\r\n\r\n",
        b"GET /status HTTP/9\r\n\r\n",
        b"GET /status HTTP/2.0\r\n\r\n",
        b"GET /status FTP/1.1\r\n\r\n",
        b"GET /status of all HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /status HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET /status HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /status HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        post(b"{}", b"Content-Length: -2"),
        post(b"{}", b"Content-Length: two"),
        post(b"{}", b"Content-Length: 2, 3"),
        post(b'{"text": "a"} ', b"Content-Length: 13", b"Content-Length: 14"),
        post(b"{}", b"Content-Length: 20"),
        post(b"{}"),
        post(b"2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", b"Content-Length: 2"),
        post(b"2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: gzip"),
        post(b"zz\r\n{}\r\n", b"Transfer-Encoding: chunked"),
        post(b"-2\r\n{}\r\n", b"Transfer-Encoding: chunked"),
        post(b"2\r\n{}too long\r\n", b"Transfer-Encoding: chunked"),
        post(b"2\r\n{}", b"Transfer-Encoding: chunked"),
        post(b"\xff\xfe", b"Content-Length: 2"),
    ],
)
def test_what_cannot_be_read_is_a_400_in_the_envelope(port: int, sent: bytes) -> None:
    refused(port, sent, 400, "invalid_request")


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"PATCH", b"PUT", b"TRACE", b"CONNECT", b"BREW", b"get"])
def test_other_methods_are_405_through_the_application(port: int, method: bytes) -> None:
    [(status, headers, body)] = exchange(port, method + b" /status/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 405
    assert headers["allow"] == "GET"
    assert headers["x-request-id"]
    assert (body == b"") == (method == b"HEAD")


@pytest.mark.parametrize("path", [b"/nothing", b"/notes//", b"/%2e%2e/status", b"*", b"/notes/a/b", b"//"])
def test_unknown_paths_are_404_through_the_application(port: int, path: bytes) -> None:
    refused(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found")


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_413(port: int) -> None:
    body = b'{"text": "' + b"a" * (LIMIT - 12) + b'"}'
    [(status, _, _)] = exchange(port, post(body, b"Content-Length: %d" % len(body)))
    assert status == 200
    refused(port, post(body + b" ", b"Content-Length: %d" % (len(body) + 1)), 413, "payload_too_large")
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 1, body + b" ")
    refused(port, post(chunk, b"Transfer-Encoding: chunked"), 413, "payload_too_large")


def test_a_client_that_sends_far_too_much_still_reads_its_413(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/notes/a", b"x" * 4_000_000, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 413
    connection.close()


def test_who_waits_for_100_continue_is_not_asked_for_a_body_that_is_too_long(port: int) -> None:
    head = post(b"", b"Content-Length: 99999999", b"Expect: 100-continue")
    assert [status for status, _, _ in exchange(port, head)] == [413]


def test_no_content_has_no_body_and_keeps_the_connection(port: int) -> None:
    request = b"DELETE /notes/a HTTP/1.1\r\nHost: x\r\n\r\nGET /status HTTP/1.1\r\nHost: x\r\n\r\n"
    first, second = exchange(port, request)
    assert (first[0], first[2], second[0]) == (204, b"", 200)
    assert "content-length" not in first[1]


def test_sixty_requests_share_one_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.connect()
    kept = connection.sock
    for _ in range(60):
        connection.request("GET", "/status/")
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()


def test_requests_at_the_same_time_do_not_mix(port: int) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    def ask(number: int) -> bool:
        body = json.dumps({"text": str(number)}).encode()
        [(_, _, answer)] = exchange(
            port, post(body, b"Content-Length: %d" % len(body), path=b"/notes/n%d" % number)
        )
        return bool(json.loads(answer) == {"name": f"n{number}", "text": str(number)})

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))
