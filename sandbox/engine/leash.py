"""Runs a command that must not outlive the sandbox, nor stop before it; run by path, never imported.

The command ignores Ctrl-C and the like, which reach the whole process group at once: the sandbox ends it when
nothing uses it any more. When the sandbox dies, however it dies, Linux kills the command (PR_SET_PDEATHSIG).
That signal follows the *thread* that started the process: start engines from the main thread.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Become the command, leashed to the parent process of that id."""
    unheard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in unheard:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, unheard)  # bitcoind and its like listen even to what was ignored
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the leash was on
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
