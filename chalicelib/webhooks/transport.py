"""One attempt to deliver a webhook: a POST to a checked address, and what came of it.

Names are looked up for every attempt and all their addresses checked; the connection goes to a checked
address itself, so a name that changes its answer in between gains nothing. No proxy, no redirect, no body
of the receiver's is kept.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from time import monotonic

from chalicelib.webhooks.connection import (
    BoundedSocket,
    Deadline,
    DeliveryError,
    TlsContext,
    open_connection,
    request_on,
    verified_tls,
)
from chalicelib.webhooks.guard import TargetPolicy, may_connect
from chalicelib.webhooks.lookup import ResolveError, Resolver, addresses_within
from chalicelib.webhooks.schedule import read_retry_after
from chalicelib.webhooks.targets import Target

GONE = 410
_CHUNK_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of our time and memory one attempt may take.

    Attributes:
        lookup_seconds: for DNS; long enough for one lost packet to be asked again.
        connect_seconds: for TCP and TLS together, over all addresses tried.
        total_seconds: for everything from the look-up to the last byte read.
        answer_bytes: of the answer, its headers included; what comes after is not read.
    """

    lookup_seconds: float = 6.0
    connect_seconds: float = 3.0
    total_seconds: float = 15.0
    answer_bytes: int = 64 * 1024


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt; all of it may be logged and shown to the merchant.

    Attributes:
        status_code: the HTTP status, or None when none was received. Not proof of success: see `failure`.
        duration_ms: how long it took, in milliseconds.
        failure: None for a success, else ``dns``, ``blocked_address``, ``connect``, ``tls``, ``timeout``
            (the whole took too long), ``redirect``, ``http_status``, or ``protocol`` (no sound HTTP answer).
        retry_after_seconds: how long the receiver asked us to wait, up to 24 hours; None when it did not.
    """

    status_code: int | None
    duration_ms: int
    failure: str | None
    retry_after_seconds: int | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has taken the message: it answered 2xx, in time."""
        return self.failure is None

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more at this URL (410)."""
        return self.status_code == GONE

    @property
    def answered(self) -> bool:
        """Whether somebody answered at all, well or badly: what a breaker goes by."""
        return self.status_code is not None and self.failure != "timeout"


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    resolver: Resolver,
    policy: TargetPolicy,
    *,
    now: float,
    limits: Limits = DEFAULT_LIMITS,
    tls: TlsContext = verified_tls,
) -> Attempt:
    """Send one message once. Whatever the receiver or the network does, this returns, and in time.

    Args:
        target: where to, from `chalicelib.webhooks.targets.check_url`.
        headers: the signed headers; ``Host``, ``Content-Length`` and ``Connection`` are added.
        body: the signed bytes.
        resolver: looks the host name up, once.
        policy: which addresses may be connected to.
        now: Unix seconds; a ``Retry-After`` date is counted from it.
        limits: time and size limits.
        tls: makes the TLS settings.

    Returns:
        The attempt as it is to be logged.
    """
    started = monotonic()
    deadline = Deadline(started + limits.total_seconds)
    try:
        addresses = _checked_addresses(target, resolver, policy, deadline.sooner(limits.lookup_seconds))
        connect_by = deadline.sooner(limits.connect_seconds)
        with closing(open_connection(target, addresses, policy, connect_by, tls)) as sock:
            bounded = BoundedSocket(sock, deadline, limits.answer_bytes)
            response = _exchange(bounded, target, headers, body)
            failure = _failure_of(response)
    except DeliveryError as error:
        return Attempt(None, _milliseconds_since(started), error.failure)
    wait = read_retry_after(response.headers.get("retry-after"), now) if failure else None
    return Attempt(response.status, _milliseconds_since(started), failure, wait)


def _checked_addresses(
    target: Target, resolver: Resolver, policy: TargetPolicy, deadline: Deadline
) -> Sequence[str]:
    try:
        addresses = addresses_within(resolver, target.host, deadline.remaining_seconds())
    except (ResolveError, TimeoutError):
        raise DeliveryError("dns") from None
    # One address that is not public condemns the name: an honest receiver has no such mixture.
    if not all(may_connect(address, policy) for address in addresses):
        raise DeliveryError("blocked_address")
    return addresses


def _exchange(sock: BoundedSocket, target: Target, headers: Mapping[str, str], body: bytes) -> HTTPResponse:
    """Send the request and read the head of the answer."""
    connection = request_on(sock, target)
    all_headers = {**headers, "Host": target.host_header, "Connection": "close"}
    try:
        with suppress(BrokenPipeError):  # who answers before having read it all has answered nevertheless
            connection.request("POST", target.path, body, all_headers)
        response = connection.getresponse()
    except TimeoutError:
        raise DeliveryError("timeout") from None
    except (HTTPException, OSError, ValueError):
        raise DeliveryError("protocol") from None
    if sock.stream.closed_by_receiver or response.status < HTTPStatus.OK:
        raise DeliveryError("protocol")  # the head of the answer broke off, or announces what we never asked for
    return response


def _failure_of(response: HTTPResponse) -> str | None:
    if response.status >= HTTPStatus.BAD_REQUEST:
        return "http_status"
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        return "redirect"
    try:
        while response.read(_CHUNK_BYTES):
            pass  # read so that the receiver can finish, and dropped
    except TimeoutError:
        return "timeout"
    except (HTTPException, OSError, ValueError):
        pass  # over the limit, or broken off: the status had been given
    return None


def _milliseconds_since(started: float) -> int:
    return round((monotonic() - started) * 1000)
