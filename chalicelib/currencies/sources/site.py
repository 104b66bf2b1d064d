"""A public price server: asked within a time and a size, and left alone for as long as it says.

Redirects are not followed, proxies not used; certificate and host name are verified.
"""

import logging
import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalicelib.chains.providers.http_connection import Connection
from chalicelib.clock import Clock
from chalicelib.currencies.prices import PriceSourceError, PriceSourceWaitsError
from chalicelib.currencies.sources import reading

FETCH_SECONDS = 5.0
ANSWER_BYTES = 256 << 10
WAIT_SECONDS = 60.0  # when a server says that it is too much, and not for how long
LONGEST_WAIT_SECONDS = 3 * 86_400.0  # the longest ban that any of them is known to give
_OK = 200
_TOO_MUCH = frozenset({418, 429})
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Sluice",
}

logger = logging.getLogger(__name__)


class Site:
    """One price server. Threads may share it.

    Args:
        name: what logs call it.
        base_url: scheme, host and perhaps port; no path.
        clock: what waiting is measured by.
        headers: sent with every request: an API key.
        fetch_seconds: how long one fetch may take, however many questions it asks.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        clock: Clock,
        headers: Mapping[str, str] | None = None,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        url = urlsplit(base_url)
        self.name = name
        self._host, self._port = f"{url.hostname}", url.port or _PORTS[url.scheme]
        self._is_tls = url.scheme == "https"
        self._clock = clock
        self._headers = {**_HEADERS, **(headers or {})}
        self._fetch_seconds = fetch_seconds
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def deadline(self) -> float:
        """Return when a fetch that begins now must be over, on the monotonic clock."""
        return monotonic() + self._fetch_seconds

    def get(self, path: str, query: Mapping[str, str], until: float) -> Any:
        """Ask for JSON, and return it with every number as its text.

        Args:
            path: below the host, with a leading ``/``.
            query: its parameters, unescaped.
            until: when the answer must be there, on the monotonic clock.

        Raises:
            PriceSourceWaitsError: the server asks to be left alone, now or since earlier.
            PriceSourceError: no answer in time, one that is too long, no JSON, or a refusal.
        """
        self._refuse_while_silent()
        try:
            status, body, retry_after = self._exchange(f"{path}?{urlencode(query)}", until)
        except TimeoutError:
            raise PriceSourceError("did not answer in time") from None
        except (OSError, HTTPException, ValueError) as error:  # its words may hold a header that we sent
            raise PriceSourceError(f"did not answer: {type(error).__name__}") from None
        if status in _TOO_MUCH:
            raise self.told_to_wait(self._wait_seconds(retry_after))
        if status != _OK:
            raise PriceSourceError(f"answered with status {status}")
        return reading.parse(body)

    def told_to_wait(self, seconds: float = WAIT_SECONDS) -> PriceSourceWaitsError:
        """Ask nothing for so many seconds, say so in the log once, and return the error to raise."""
        with self._lock:
            now = self._clock.now()
            is_news = now >= self._silent_until
            self._silent_until = max(self._silent_until, now + min(seconds, LONGEST_WAIT_SECONDS))
        if is_news:
            logger.warning("the price source %s wants to be left alone for %d s", self.name, seconds)
        return PriceSourceWaitsError("wants to be left alone")

    def _refuse_while_silent(self) -> None:
        if self._clock.now() < self._silent_until:
            raise PriceSourceWaitsError("wants to be left alone")

    def _exchange(self, target: str, until: float) -> tuple[int, bytes, str | None]:
        connection = Connection(self._host, self._port, self._is_tls)
        connection.deadline.at = until
        try:
            connection.request("GET", target, headers=self._headers)
            with connection.getresponse() as response:
                body = response.read(ANSWER_BYTES + 1)
                if len(body) > ANSWER_BYTES or response.length:
                    raise PriceSourceError("answered more than is read, or broke off")
                return response.status, body, response.getheader("Retry-After")
        finally:
            connection.close()

    def _wait_seconds(self, retry_after: str | None) -> float:
        """Read ``Retry-After`` (RFC 9110, 10.2.3): seconds or a date."""
        text = (retry_after or "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._clock.now())
        except (TypeError, ValueError, OverflowError):
            return WAIT_SECONDS
