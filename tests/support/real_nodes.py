"""Real nodes in place of the simulated ones, for the chains that a test names; the others stay simulated."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.hd_keys import deposit_xpubs
from sandbox.nodes.real_chains import start
from tests.support.clock import FakeClock

SEED = 1


class RealNodes:
    """Nodes and the hands on them; the product makes its own adapters, by its settings.

    A test that names a chain whose node cannot be had here is skipped, with the reason.

    Attributes:
        node: what the test does to the chains.
        settings: the settings by which the product reaches them.
    """

    adapters = None

    def __init__(self, path: Path, clock: FakeClock, blockchains: Sequence[str]) -> None:
        self._stack = ExitStack()
        said: list[str] = []
        self.node, wiring = start(path, SEED, clock, self._stack, said.append, blockchains)
        if said:
            self.close()
            pytest.skip("; ".join(said))
        self.settings: dict[str, Any] = {
            "chain_nodes": wiring.nodes,
            "chain_identities": wiring.identities,
            "hot_wallet_keys": wiring.hot_wallet_keys,
            "deposit_seeds": wiring.deposit_seeds,
            "deposit_xpubs": deposit_xpubs(SEED),
        }

    def close(self) -> None:
        self._stack.close()
