"""Looking names up: within a time limit, and replaceable, so that a sandbox or a test can answer instead."""

import socket
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread

Resolver = Callable[[str], list[str]]
"""Takes a host name, returns its IP addresses in order of preference; raises OSError when it has none."""


class ResolveError(OSError):
    """The name has no address, or none was told in time."""


def system_resolver(host: str) -> list[str]:
    """Ask the machine's resolver for all addresses of a host, best first, each once.

    Raises:
        ResolveError: the name does not resolve.
    """
    # The closing dot keeps a private search domain from being tried behind a full name. Bytes, since a
    # str would go through the IDNA codec once more.
    name = f"{host}." if "." in host and not _is_literal(host) else host
    try:
        found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ResolveError(f"{host} does not resolve") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def addresses_within(resolver: Resolver, host: str, seconds: float) -> list[str]:
    """Look a host up, but wait no longer than that: the system's own limit is far beyond a request's.

    Args:
        resolver: who is asked.
        host: a host name, or an IP address, which is its own answer.
        seconds: how long to wait for the answer.

    Returns:
        At least one address.

    Raises:
        ResolveError: no address, or none in time.
    """
    if _is_literal(host):
        return [host]
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()
    # A daemon, since a look-up cannot be interrupted and must not hold up the end of the process.
    Thread(target=_ask, args=(resolver, host, answers), name=f"lookup {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except Empty:
        raise ResolveError(f"{host} was not resolved in {seconds:g} seconds") from None
    if isinstance(answer, OSError):
        raise ResolveError(f"{host} does not resolve") from answer
    if isinstance(answer, Exception):
        raise answer
    if not answer:
        raise ResolveError(f"{host} has no address")
    return answer


def _ask(resolver: Resolver, host: str, answers: "SimpleQueue[list[str] | Exception]") -> None:
    try:
        answers.put(resolver(host))
    except Exception as error:  # noqa: BLE001  it is raised again in the thread that waits
        answers.put(error)


def _is_literal(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False
