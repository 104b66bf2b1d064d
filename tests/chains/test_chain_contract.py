"""The contract suite over the simulated chains: every family, a token and a native coin."""

import pytest

from tests.chains.contract_suite import ChainContract
from tests.chains.sim_backend import SimBackend


@pytest.fixture(params=[("TRX", "USDT"), ("ETH", "ETH"), ("BTC", "BTC"), ("LTC", "LTC")], ids="-".join)
def chain(request, tmp_path):
    backend = SimBackend(tmp_path / "chains.sqlite", *request.param)
    yield backend
    backend.close()


class TestSimulatedChain(ChainContract):
    pass
