"""The simulated chains at work: the node, its server, and how the product reaches it."""

from contextlib import ExitStack
from pathlib import Path

from chalicelib.clock import Clock
from chalicelib.config import BLOCKCHAINS, FAMILIES
from sandbox import directory
from sandbox.chain.chains import Wiring
from sandbox.chain.keys import hot_wallet_key
from sandbox.chain.node import SimNode
from sandbox.chain.server import NodeServer
from sandbox.hd_keys import wallet_seed
from sandbox.loopback_server import LOOPBACK


def start(home: Path, seed: int, clock: Clock, stack: ExitStack) -> tuple[SimNode, Wiring]:
    """Start all seven; the stack stops them.

    Args:
        home: the sandbox's directory.
        seed: what keys and hashes are made from.
        clock: what outages end by.
        stack: takes what must be stopped.

    Returns:
        The chains, and how the product reaches them.
    """
    node = SimNode(home / directory.CHAINS, seed, clock)
    stack.callback(node.close)
    server = NodeServer(node)
    server.start()
    stack.callback(server.stop)
    wiring = Wiring(
        nodes=dict.fromkeys(BLOCKCHAINS, f"sim://{LOOPBACK}:{server.port}"),
        hot_wallet_keys={name: hot_wallet_key(seed, name).hex() for name in BLOCKCHAINS},
        deposit_seeds=dict.fromkeys(FAMILIES, wallet_seed(seed)),
    )
    return node, wiring
