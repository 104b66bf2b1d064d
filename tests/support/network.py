"""Keeps tests on this machine."""

import ipaddress
import socket
from typing import Any

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


class NetworkGuard:
    """Stands in for ``socket.socket.connect``: loopback only, unless it is open."""

    def __init__(self) -> None:
        self.is_open = False

    @property
    def connect(self) -> Any:
        def guarded(sock: socket.socket, address: Any) -> None:
            self._demand_local(sock, address)
            _connect(sock, address)

        return guarded

    @property
    def connect_ex(self) -> Any:
        def guarded(sock: socket.socket, address: Any) -> int:
            self._demand_local(sock, address)
            return _connect_ex(sock, address)

        return guarded

    def _demand_local(self, sock: socket.socket, address: Any) -> None:
        if self.is_open or sock.family not in {socket.AF_INET, socket.AF_INET6} or _is_loopback(address[0]):
            return
        raise AssertionError(f"a test wants to connect to {address[0]}: give it a fake instead")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
