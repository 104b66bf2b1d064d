"""The simulated node's adapter without the way over HTTP: hundreds of scans cost little."""

from typing import Any

from chalicelib.chains.sim.adapter import SimAdapter
from sandbox.chain import server
from sandbox.chain.node import SimNode


class NearClient:
    """Asks a node of this process, by its own protocol."""

    def __init__(self, node: SimNode, blockchain: str) -> None:
        self._node, self._blockchain = node, blockchain

    def ask(self, method: str, **params: Any) -> Any:
        return server._METHODS[method](self._node, self._blockchain, params)


def near_adapter(node: SimNode, blockchain: str) -> SimAdapter:
    client: Any = NearClient(node, blockchain)
    return SimAdapter(blockchain, client)
