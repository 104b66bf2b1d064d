"""The address guard: which network addresses a webhook may be sent to.

A merchant chooses where we send requests from inside our network, so an address must be proven public. The
list is our own: the standard library's ``is_global`` lets through the NAT64 and 6to4 forms of
169.254.169.254, multicast, ``fec0::/10`` and ``5f00::/16``.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries, and the metadata addresses of the clouds.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host: connects to loopback
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host agent, at an address that looks public
        "169.254.0.0/16",  # link-local; the metadata service at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

# All that is globally routed lies here. What lies outside is refused unseen: loopback, IPv4-mapped and
# -compatible forms, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only, segment routing (5f00::/16),
# unique-local (fd00:ec2::254, a metadata service, among them), link-local, site-local, multicast.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the old 6bone
        "3fff::/20",  # documentation
    )
)
_LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
_LOOPBACK_V6 = IPv6Address("::1")


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How strict the rules for webhook targets are.

    Attributes:
        allow_local: lifts the scheme, port and loopback rules, and nothing else, for a receiver on the
            developer's own machine. A deployed stage never has it.
    """

    allow_local: bool = False


def is_public(address: str) -> bool:
    """Tell whether an address is a plain, globally routed unicast address.

    Args:
        address: an IPv4 or IPv6 address in its usual notation; anything else, a zone id included, is not.
    """
    parsed = _parsed(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _REFUSED_V4)
    if parsed is None or parsed not in _GLOBAL_V6:
        return False
    return not any(parsed in block for block in _REFUSED_V6)


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own: 127.0.0.0/8 or ::1, in no disguise."""
    parsed = _parsed(address)
    return parsed in _LOOPBACK_V4 if isinstance(parsed, IPv4Address) else parsed == _LOOPBACK_V6


def may_connect(address: str, policy: TargetPolicy) -> bool:
    """Tell whether the policy lets a webhook be sent to this address."""
    return is_public(address) or (policy.allow_local and is_loopback(address))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return None if isinstance(parsed, IPv6Address) and parsed.scope_id else parsed
