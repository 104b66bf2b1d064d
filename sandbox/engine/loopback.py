"""Keep a server that listens on every interface from being reached over any but the loopback one.

DynamoDB Local has no option for its address. Linux lets a parent take a copy of its child's listening socket
(pidfd_getfd, Linux 5.6) and tie that very socket to the ``lo`` device (SO_BINDTODEVICE, unprivileged since 5.7).
Nothing of the server is changed by it.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_PIDFD_GETFD = 438  # the same number on every architecture
_LISTENING = "0A"


def restrict_to_loopback(pid: int, port: int) -> bool:
    """Tie a child's listening sockets on a TCP port to the loopback device.

    Args:
        pid: the process that listens; a child of ours.
        port: the TCP port that it listens on.

    Returns:
        Whether the server can now be reached from this machine only; False where the system has no such means.
    """
    if sys.platform != "linux":
        return False
    try:
        descriptors = _listening_descriptors(pid, port)
        tied = [_tie(pid, descriptor) for descriptor in descriptors]
        return bool(tied) and all(tied)
    except OSError:
        return False


def device_of(pid: int, port: int) -> set[str]:
    """Return the devices that a child's listening sockets on a port are tied to; an empty name is any device."""
    return {_on_copy(pid, descriptor, _device) for descriptor in _listening_descriptors(pid, port)}


def _listening_descriptors(pid: int, port: int) -> list[int]:
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(pid, port)}
    folder = Path(f"/proc/{pid}/fd")
    return [int(entry.name) for entry in folder.iterdir() if str(entry.readlink()) in wanted]


def _listening_inodes(pid: int, port: int) -> list[str]:
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return [row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port]


def _tie(pid: int, descriptor: int) -> bool:
    return _on_copy(pid, descriptor, _tie_socket) == "lo"


def _tie_socket(copy: socket.socket) -> str:
    copy.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    return _device(copy)


def _device(copy: socket.socket) -> str:
    return copy.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0").decode()


def _on_copy(pid: int, descriptor: int, use: Callable[[socket.socket], str]) -> str:
    handle = os.pidfd_open(pid)
    try:
        copied = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, handle, descriptor, 0)
        if copied < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd is not allowed here")
        with socket.socket(fileno=copied) as copy:
            return use(copy)
    finally:
        os.close(handle)
