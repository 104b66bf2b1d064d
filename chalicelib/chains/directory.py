"""The chains by their names: chosen by the settings, loaded when they are first asked; the API asks none."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from chalicelib.clock import Clock
from chalicelib.config import ConfigurationError, Settings

if TYPE_CHECKING:
    from chalicelib.chains.adapter import ChainAdapter
    from chalicelib.chains.providers.json_rpc import JsonRpcNode
    from chalicelib.chains.providers.node import Node
    from chalicelib.chains.providers.tron_http import TronHttpNode
    from chalicelib.settings.nodes import Nodes

PATIENCES_SECONDS = (10.0, 3.0)
"""For what is asked of a provider, and for who it is and how far it has come."""


class NamedChains(Mapping[str, "ChainAdapter"]):
    """Blockchain to its adapter, each made when it is first asked for. Threads may share it.

    Args:
        settings: the frozen settings.
        tokens: blockchain to its tokens, each upper-case symbol with its contract.
        clock: what pauses of providers are counted by.
    """

    def __init__(self, settings: Settings, tokens: Mapping[str, Mapping[str, str]], clock: Clock) -> None:
        self._settings = settings
        self._tokens = tokens
        self._clock = clock
        self._made: dict[str, ChainAdapter] = {}
        self._closing: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __getitem__(self, blockchain: str) -> "ChainAdapter":
        with self._lock:
            if blockchain not in self._made:
                self._made[blockchain] = self._make(blockchain)
            return self._made[blockchain]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings.chain_nodes)

    def __len__(self) -> int:
        return len(self._settings.chain_nodes)

    def __contains__(self, blockchain: object) -> bool:
        return blockchain in self._settings.chain_nodes

    def close(self) -> None:
        """Close the connections that are idle; who is asked again opens others."""
        for close in self._closing:
            close()

    def _make(self, blockchain: str) -> "ChainAdapter":
        from chalicelib.settings.nodes import Nodes, nodes_of  # noqa: PLC0415 -- only who asks nodes loads it

        said = self._settings.chain_nodes[blockchain]
        try:
            nodes = said if isinstance(said, Nodes) else nodes_of(blockchain, said)
        except ValueError as error:
            raise ConfigurationError(f"CHAIN_NODES cannot be read: {error}") from None
        if nodes.simulated_at is not None:
            return self._simulated(blockchain, *nodes.simulated_at)
        return _real(blockchain, self._node(blockchain, nodes), self._tokens.get(blockchain, {}))

    def _node(self, blockchain: str, nodes: "Nodes") -> "Node":
        from chalicelib.chains.providers import identity  # noqa: PLC0415 -- the same
        from chalicelib.chains.providers.failover import Providers  # noqa: PLC0415 -- the same
        from chalicelib.chains.providers.provider import Provider  # noqa: PLC0415 -- the same

        wanted = (self._settings.chain_identities or {}).get(blockchain, identity.IDENTITY_OF[blockchain])
        inquiry = identity.inquiry_of(blockchain)
        providers = []
        for url in nodes.urls:
            node, scout = (_asking(blockchain, url, nodes.api_key, patience) for patience in PATIENCES_SECONDS)
            providers.append(Provider(node.host, node, inquiry, wanted, self._clock, scout=scout))
            self._closing += [node.close, scout.close]
        usual = identity.MAX_LAG_BLOCKS_OF[blockchain]
        lag = usual if nodes.max_lag_blocks is None else nodes.max_lag_blocks
        return Providers(providers, lag, self._clock)

    def _simulated(self, blockchain: str, host: str, port: int) -> "ChainAdapter":
        from chalicelib.chains.sim.adapter import SimAdapter  # noqa: PLC0415 -- loaded when chosen
        from chalicelib.chains.sim.client import SimClient  # noqa: PLC0415 -- the same

        client = SimClient(host, port, blockchain)
        self._closing.append(client.close)
        return SimAdapter(blockchain, client)


def _asking(
    blockchain: str, url: str, api_key: str | None, timeout_seconds: float
) -> "JsonRpcNode | TronHttpNode":
    if blockchain == "TRX":
        from chalicelib.chains.providers.tron_http import TronHttpNode  # noqa: PLC0415 -- loaded when chosen

        return TronHttpNode(url, api_key=api_key, timeout_seconds=timeout_seconds)
    from chalicelib.chains.providers.json_rpc import JsonRpcNode  # noqa: PLC0415 -- the same

    return JsonRpcNode(url, timeout_seconds=timeout_seconds)


def _real(blockchain: str, node: "Node", tokens: Mapping[str, str]) -> "ChainAdapter":
    from chalicelib.chains.networks import BTC, FAMILY_OF, LTC, TRX  # noqa: PLC0415 -- only who asks nodes loads it

    family = FAMILY_OF[blockchain]
    if family in {BTC, LTC}:
        from chalicelib.chains.utxo.adapter import UtxoAdapter  # noqa: PLC0415 -- loaded when chosen

        return UtxoAdapter(blockchain, node)
    if family == TRX:
        from chalicelib.chains.tron.adapter import TronAdapter  # noqa: PLC0415 -- the same

        return TronAdapter(node, tokens)
    from chalicelib.chains.evm.adapter import EvmAdapter  # noqa: PLC0415 -- the same

    return EvmAdapter(blockchain, node, tokens)
