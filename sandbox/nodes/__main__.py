"""Installs every node that can be had: ``python -m sandbox.nodes``."""

import sys
from collections.abc import Callable

from sandbox.engine.child import EngineError, EngineUnavailableError
from sandbox.nodes.anvil_install import NODES_DIRECTORY, anvil
from sandbox.nodes.coin_daemon import BITCOIND, LITECOIND
from sandbox.nodes.debian_install import command

_INSTALLERS: dict[str, Callable[[], object]] = {
    "anvil": anvil,
    "litecoind": lambda: command(LITECOIND.program, NODES_DIRECTORY),
    "bitcoind": lambda: command(BITCOIND.program, NODES_DIRECTORY),
}
_CAN_BE_MISSED = {"bitcoind": "Bitcoin's code runs on litecoind alone"}


def main() -> int:
    """Install them and say what is there; returns 1 if one is missing that nothing stands in for."""
    status = 0
    for name, installed in _INSTALLERS.items():
        try:
            installed()
        except EngineUnavailableError as error:
            print(f"NO NODE: {error}. {_CAN_BE_MISSED.get(name, '')}", flush=True)
            status = status if name in _CAN_BE_MISSED else 1
        except EngineError as error:
            print(f"NO NODE: {error}", flush=True)
            status = 1
        else:
            print(f"{name} is installed.", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
