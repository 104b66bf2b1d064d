"""One provider's HTTP: POST and answer over kept connections, within a time and a size, telling no secret."""

import base64
import http.client
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import monotonic
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.http_connection import Connection

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 32 << 20
SHORTEST_SECRET = 8
DEFAULT_PORTS = {"http": 80, "https": 443}


class NodeDownError(ChainUnavailableError):
    """A provider is of no use now; ``retry_after_seconds`` is what it asked for itself, if it did."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AnswerTooLargeError(NodeDownError):
    """The answer is larger than we read: a smaller question may do."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: the status, the whole body, and the seconds of a ``Retry-After`` header."""

    status: int
    body: bytes
    retry_after_seconds: float | None


class HttpExchange:
    """Posts to one URL and to paths below it. Threads may share it: each question has a connection to itself."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Read the URL, without connecting.

        Args:
            url: ``http(s)://user:password@host:port/path?query``; all but scheme and host may be absent.
            timeout_seconds: for a whole exchange, from connecting to the last byte.
            max_answer_bytes: the largest answer that is read.
            headers: sent with every request; an API key, for example.

        Raises:
            ValueError: the URL cannot be used; the message does not repeat it.
        """
        parts = _split(url)
        self.host = f"{parts.hostname}"
        self._port = parts.port or DEFAULT_PORTS[parts.scheme]
        self._is_tls = parts.scheme == "https"
        self._path, self._query = parts.path, f"?{parts.query}" if parts.query else ""
        self._timeout_seconds, self._max_answer_bytes = timeout_seconds, max_answer_bytes
        self._headers = {"Content-Type": "application/json", **_basic_auth(parts), **(headers or {})}
        self._secrets = _secrets_of(parts, headers or {})
        self._idle: deque[Connection] = deque()

    def post(self, body: bytes, path: str = "") -> HttpAnswer:
        """Post a JSON body to the URL, or to a path below it.

        A kept connection may have died unseen since its last use: then the question is asked once more.

        Raises:
            NodeDownError: no answer in time, or none that is HTTP.
            AnswerTooLargeError: more than ``max_answer_bytes``.
        """
        deadline = monotonic() + self._timeout_seconds
        try:
            if self._idle:
                with suppress(ConnectionError):
                    return self._exchange(self._idle_one(), deadline, body, path)
                self.close()  # what lay beside it is as old, or older
            return self._exchange(self._fresh(), deadline, body, path)
        except TimeoutError:
            raise NodeDownError(f"The node at {self.host} does not answer in time.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Not the error's own words: they may hold the URL.
            raise NodeDownError(f"The node at {self.host} does not answer: {type(error).__name__}.") from None

    def discreet(self, text: str) -> str:
        """Return a node's words without our credentials, should it repeat them, and not too many of them."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text[:300]

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, connection: "Connection", deadline: float, body: bytes, path: str) -> HttpAnswer:
        target = (self._path.rstrip("/") + path if path else self._path or "/") + self._query
        is_kept = False
        try:
            connection.deadline.at = deadline
            connection.request("POST", target, body, self._headers)
            response = connection.getresponse()
            content = response.read(self._max_answer_bytes + 1)
            if len(content) > self._max_answer_bytes:
                raise AnswerTooLargeError(f"The node at {self.host} answers more than can be read.")
            if response.length:
                raise http.client.IncompleteRead(content, response.length)
            is_kept = response.isclosed() and not response.will_close
            return HttpAnswer(response.status, content, _retry_after_seconds(response))
        finally:
            self._idle.append(connection) if is_kept else connection.close()

    def _idle_one(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:  # another thread was quicker
            return self._fresh()

    def _fresh(self) -> Connection:
        return Connection(self.host, self._port, self._is_tls)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or not url.isascii() or any(character <= " " for character in url):
        raise ValueError("a node's URL must be http(s)://host, with port, path and credentials as needed")
    return parts


def _basic_auth(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode()}


def _secrets_of(parts: SplitResult, headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what of a URL may be a credential: providers put keys into user names, paths and queries alike."""
    userinfo = (parts.username or "", parts.password or "")
    told = (*userinfo, *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)), *headers.values())
    spellings = {spelling for each in told for spelling in (each, unquote(each))}
    return tuple(sorted((each for each in spellings if len(each) >= SHORTEST_SECRET), key=len, reverse=True))


def _retry_after_seconds(response: http.client.HTTPResponse) -> float | None:
    """Read ``Retry-After`` (RFC 9110, 10.2.3): seconds, or a date, which is held against the answer's own date."""
    text = (response.getheader("Retry-After") or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        sent = parsedate_to_datetime(response.getheader("Date") or "")
        return max(0.0, (parsedate_to_datetime(text) - sent).total_seconds())
    except (TypeError, ValueError):
        return None
