"""The simulated chains at work: the node, its server, and how the product reaches it."""

from contextlib import ExitStack

from chalicelib.clock import Clock
from chalicelib.config import BLOCKCHAINS, FAMILIES
from sandbox import directory
from sandbox.chain.chains import Wiring
from sandbox.chain.keys import hot_wallet_key
from sandbox.chain.node import SimNode
from sandbox.chain.server import LOOPBACK, NodeServer
from sandbox.hd_keys import wallet_seed
from sandbox.variables import Variables


def start(variables: Variables, clock: Clock, stack: ExitStack) -> tuple[SimNode, Wiring]:
    """Start all seven; the stack stops them.

    Returns:
        The chains, and how the product reaches them.
    """
    node = SimNode(variables.directory / directory.CHAINS, variables.seed, clock)
    stack.callback(node.close)
    server = NodeServer(node)
    server.start()
    stack.callback(server.stop)
    wiring = Wiring(
        nodes=dict.fromkeys(BLOCKCHAINS, f"sim://{LOOPBACK}:{server.port}"),
        hot_wallet_keys={name: hot_wallet_key(variables.seed, name).hex() for name in BLOCKCHAINS},
        deposit_seeds=dict.fromkeys(FAMILIES, wallet_seed(variables.seed)),
    )
    return node, wiring
