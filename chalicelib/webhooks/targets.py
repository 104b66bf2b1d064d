"""Callback URLs: which ones a merchant may register, and what of one is needed to send to it.

Parsed by one strict pattern of our own, so that no two parsers can disagree on where the host is.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from chalicelib.environment import Environment
from chalicelib.webhooks.guard import TargetPolicy, is_loopback, may_connect
from chalicelib.webhooks.lookup import ResolveError, Resolver, addresses_within

URL_LENGTH_MAX = 512
HOST_LENGTH_MAX = 253  # RFC 1035 §2.3.4, without the closing dot
PORTS = frozenset({443, 8443})
DEFAULT_PORTS = {"https": 443, "http": 80}
PORT_MAX = 65535
# A registration waits for DNS no longer than this; every attempt checks the address again anyway.
LOOKUP_SECONDS = 2.0

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?"
)
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123 §2.1
# What system resolvers and browsers read as an IPv4 address, however few parts it has (WHATWG URL §3.5).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Names that mean something only inside somebody's network, or never anything: IANA's special-use names, those
# that ICANN keeps back (.internal, .corp, .home, .mail), and those of RFC 6762 appendix G. Not .example and
# .test: they are what people write in samples and tests, and their addresses are checked like any other's.
_LOCAL_SUFFIX = re.compile(
    r"alt|arpa|corp|home|internal|intranet|invalid|lan|local|localdomain|localhost|mail|onion|private"
)
# IDNA 2003 and IDNA 2008 (RFC 5894 §7.2) read these as different names: ß, final sigma, the joiners.
_AMBIGUOUS = frozenset("\u00df\u1e9e\u03c2\u200c\u200d")


class InvalidUrlError(ValueError):
    """The URL cannot be a webhook's target; the message is a sentence part that says what to send instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes: a callback URL that passed the rules.

    Attributes:
        scheme: ``https``, or ``http`` where the policy allows it.
        host: the host name in ASCII, lower case, without a closing dot; or a loopback address.
        port: the TCP port.
        path: path and query as sent in the request line.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The ``Host`` header's value: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def endpoint(self) -> str:
        """What one receiver is known by, whatever the path: scheme, host and port."""
        return f"{self.scheme}://{self.host}:{self.port}"


def check_url(url: str, policy: TargetPolicy) -> Target:
    """Check a callback URL by its text alone, and take it apart.

    Args:
        url: as the merchant wrote it.
        policy: `TargetPolicy.allow_local` lets through http, any port, ``localhost`` and loopback addresses.

    Raises:
        InvalidUrlError: any rule is broken.
    """
    if len(url) > URL_LENGTH_MAX:
        raise InvalidUrlError(f"must have at most {URL_LENGTH_MAX} characters")
    if not url.isprintable() or " " in url or "\\" in url:
        raise InvalidUrlError("must not contain spaces, control characters or backslashes")
    parts = _URL.fullmatch(url)
    if parts is None or not parts["authority"]:
        raise InvalidUrlError("must be a full URL such as https://example.com/webhook")
    if parts["fragment"] is not None:
        raise InvalidUrlError("must not have a fragment (#…): it would never be sent")
    scheme = parts["scheme"].lower()
    if scheme != "https" and not (scheme == "http" and policy.allow_local):
        raise InvalidUrlError("must start with https://")
    host, port = _host_and_port(parts["authority"], scheme, policy)
    return Target(scheme, host, port, _ascii_path((parts["path"] or "/") + (parts["query"] or "")))


def endpoint_of(env: Environment, url: str) -> str:
    """Return what attempts to a URL share with others, scheme, host and port, whatever the rules say by now."""
    try:
        return check_url(url, TargetPolicy(allow_local=env.settings.allow_local_callbacks)).endpoint
    except InvalidUrlError:
        return "invalid"


def check_registration(url: str, policy: TargetPolicy, resolver: Resolver) -> Target:
    """Check a callback URL that a merchant wants to register, its addresses of this moment included.

    A name that does not resolve (yet) is accepted: it fails at delivery, where each attempt checks again.

    Args:
        url: as the merchant wrote it.
        policy: what is allowed here.
        resolver: who is asked for the addresses.

    Raises:
        InvalidUrlError: a rule is broken, or any of the addresses is not public.
    """
    target = check_url(url, policy)
    try:
        addresses = addresses_within(resolver, target.host, LOOKUP_SECONDS)
    except ResolveError:
        return target
    if not all(may_connect(address, policy) for address in addresses):
        raise InvalidUrlError("must lead to public addresses only")
    return target


def _host_and_port(authority: str, scheme: str, policy: TargetPolicy) -> tuple[str, int]:
    if "@" in authority:
        raise InvalidUrlError("must not contain a user name or password")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise InvalidUrlError("must have a host name, and a port number if any")
    port = int(parts["port"] or DEFAULT_PORTS[scheme])
    if port not in PORTS and not (policy.allow_local and 0 < port <= PORT_MAX):
        raise InvalidUrlError("must use port 443 or 8443")
    if parts["v6"] is not None:
        return _local_address(parts["v6"], policy), port
    return _host(parts["name"], policy), port


def _host(written: str, policy: TargetPolicy) -> str:
    host = _ascii_name(written).lower().removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _local_address(written, policy)  # in its usual notation, in no disguise
    if host == "localhost" and policy.allow_local:
        return host
    if len(host) > HOST_LENGTH_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrlError("must have a valid host name")
    if len(labels) == 1 or _LOCAL_SUFFIX.fullmatch(labels[-1]):
        raise InvalidUrlError("must have a full, public host name such as example.com")
    return host


def _local_address(written: str, policy: TargetPolicy) -> str:
    if policy.allow_local and is_loopback(written):
        return str(ip_address(written))
    raise InvalidUrlError("must name its host, not an IP address")


def _ascii_name(name: str) -> str:
    if name.isascii():
        return name
    try:
        if _AMBIGUOUS.isdisjoint(name):
            return name.encode("idna").decode("ascii")
    except UnicodeError:
        pass
    raise InvalidUrlError("must have a host name that is valid, or written in its ASCII form (xn--…)")


def _ascii_path(path: str) -> str:
    return "".join(char if char.isascii() else _percent(char) for char in path)


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())
