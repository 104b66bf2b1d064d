"""The edge of a local HTTP server: whatever a client sends, the answer is JSON in the API's envelope.

Python's own handler answers what it cannot read with HTML pages, and reads bodies of any size; this one
does neither. It keeps connections alive and answers without Nagle's delay.
"""

import logging
import socket
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from chalicelib.api.answers import encode
from chalicelib.errors import ApiError, InvalidRequestError, ServerError
from sandbox.web import request_body
from sandbox.web.serving import Gate

logger = logging.getLogger(__name__)

BODY_LIMIT_BYTES = 64 * 1024
IDLE_SECONDS = 75.0
_LONGEST_LINE = 65_536
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_MEANT_TO_HAVE_BODY = {"POST", "PUT", "PATCH"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers in their order (one name may stand more than once) and the body's bytes."""

    status: int
    headers: Iterable[tuple[str, str]]
    body: bytes


def refusal(error: ApiError) -> Answer:
    """Return the answer that an error means, with an id of its own."""
    headers = {"Content-Type": "application/json", "X-Request-Id": str(uuid.uuid4()), **error.headers}
    return Answer(error.status, headers.items(), encode(error.envelope()))


class EdgeHandler(BaseHTTPRequestHandler):
    """Reads requests strictly, and leaves what they mean to ``answer``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536
    timeout = IDLE_SECONDS
    body_limit_bytes = BODY_LIMIT_BYTES
    gate: Gate

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request; ``target`` is the path with its query, names of headers are lower case.

        Raises:
            ApiError: the refusal to be sent.
        """
        raise NotImplementedError

    def handle_one_request(self) -> None:
        """Read one request and answer it, whatever it is."""
        try:
            self.raw_requestline = self._request_line()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._let_in()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what Python's parser cannot read; it means 400 to the caller, whatever the parser calls it."""
        self.command = getattr(self, "command", None) or "GET"
        self._send_and_close(refusal(InvalidRequestError(f"The request cannot be read: {message or 'not HTTP'}.")))

    def handle_expect_100(self) -> bool:
        """Let a client that waits for it send its body; one that announces too much is told so right away."""
        try:
            request_body.announced_length(self.headers, self.body_limit_bytes)
        except ApiError:
            return True  # the refusal follows as the answer
        return super().handle_expect_100()

    def version_string(self) -> str:
        """Return what the header ``Server`` says."""
        return "Sluice"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing: the terminal is for the person at it."""

    def _let_in(self) -> None:
        if not self.gate.enter():
            self.close_connection = True
            return
        try:
            self._send(self._answered())
        finally:
            self.gate.leave()

    def _request_line(self) -> bytes:
        """Read the request line; empty lines before it are skipped (RFC 9112, section 2.2), within reason."""
        for _ in range(4):
            line = self.rfile.readline(_LONGEST_LINE + 1)
            if len(line) > _LONGEST_LINE:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG, "its first line is too long")
                return b""
            if line.strip() or not line:
                return line
        return b""

    def _answered(self) -> Answer:
        try:
            self._check_head()
            body = request_body.read(self.rfile, self.headers, self.body_limit_bytes)
            if self.command in _MEANT_TO_HAVE_BODY and not request_body.is_announced(self.headers):
                self.close_connection = True  # what may follow would be taken for the next request
            headers = {name.lower(): value for name, value in self.headers.items()}
            return self.answer(self.command, self.path, headers, body)
        except request_body.UnreadBodyError as unread:
            self.close_connection = True
            return refusal(unread.refusal)
        except ApiError as error:
            return refusal(error)
        except (TimeoutError, ConnectionError):
            raise
        except Exception:
            logger.exception("a request to the sandbox ended in an error")
            return refusal(ServerError("Something failed on our side; it has been recorded."))

    def _check_head(self) -> None:
        if self.request_version == "HTTP/0.9":
            self._unreadable("Send the request as HTTP/1.1.")
        if self.headers.defects or self.headers.get_payload():
            self._unreadable("A header line cannot be read; send each as 'Name: value'.")

    def _unreadable(self, message: str) -> None:
        raise request_body.UnreadBodyError(InvalidRequestError(message))

    def _send_and_close(self, answer: Answer) -> None:
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.request_version = self.protocol_version  # an answer has a head, also one to HTTP/0.9
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and answer.status not in _WITHOUT_BODY:
            self.wfile.write(answer.body)
        self.wfile.flush()
        if self.close_connection:
            self._let_the_client_read()

    def _let_the_client_read(self) -> None:
        """Take what the client still sends, within limits: a reset would destroy the answer on its way."""
        connection: socket.socket = self.connection
        try:
            connection.shutdown(socket.SHUT_WR)
            request_body.discard(connection)
        except OSError:
            return


def header_pairs(single: Mapping[str, Any], multiple: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a Lambda answer's headers one by one."""
    pairs = [(name, str(value)) for name, value in single.items()]
    return pairs + [(name, str(value)) for name, values in multiple.items() for value in values]
