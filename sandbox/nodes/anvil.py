"""Anvil, an Ethereum node whose miner we are: it makes a block when told to and at no other time."""

import gzip
import shutil
from pathlib import Path

from sandbox.nodes.anvil_install import NODES_DIRECTORY, anvil
from sandbox.nodes.json_rpc import JsonRpc
from sandbox.nodes.process import LOOPBACK, NodeProcess, start

KEPT_STATES = 128
"""How many blocks a reorganisation can go back."""

_STATE = "state.json"


def start_anvil(directory: Path, chain_id: int, root: Path = NODES_DIRECTORY) -> NodeProcess:
    """Start anvil with the chain that lies in a directory; a new chain when there is none.

    Args:
        directory: where its chain and log are; what waits in its mempool is not kept.
        chain_id: the EIP-155 number of the chain that it plays.
        root: where it is installed.

    Raises:
        EngineUnavailableError: anvil is not to be had here.
        EngineError: it does not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    cache, state = directory / "cache", directory / _STATE
    shutil.rmtree(cache, ignore_errors=True)  # its last run's copies of old blocks
    binary = str(anvil(root))
    command = [binary, "--host", LOOPBACK, "--chain-id", str(chain_id), "--slots-in-an-epoch", "1", "--silent"]
    command += ["--no-mining", "--order", "fifo", "--accounts", "0", "--threads", "1"]
    # Later forks write every block's hash into the state: each block would make all that is kept dearer.
    command += ["--hardfork", "shanghai", "--prune-history", str(KEPT_STATES), "--preserve-historical-states"]
    command += ["--cache-path", str(cache)]
    if state.exists():
        command += ["--load-state", str(state)]
    return start(
        "anvil",
        lambda port: [*command, "--port", str(port)],
        "eth_chainId",
        directory / "anvil.log",
        lambda rpc: _end(rpc, directory),
        environment={"HOME": str(directory)},
    )


def save(rpc: JsonRpc, directory: Path) -> None:
    """Write the chain into its directory, whole or not at all."""
    dumped = bytes.fromhex(rpc.ask("anvil_dumpState", True)[2:])
    fresh = directory / "state.fresh"
    fresh.write_bytes(gzip.decompress(dumped))
    fresh.rename(directory / _STATE)


def _end(rpc: JsonRpc, directory: Path) -> None:
    """Save the chain, and have the process ended: what anvil would still do at its end is done."""
    save(rpc, directory)
    raise ConnectionResetError
