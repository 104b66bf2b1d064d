"""The contract suite over litecoind and bitcoind."""

import pytest

from sandbox.engine.child import EngineUnavailableError
from sandbox.nodes.coin_daemon import BITCOIND, LITECOIND
from tests.chains.coin_backend import CoinBackend, CoinChain
from tests.chains.contract_suite import ChainContract
from tests.support.chain_summary import NO_NODE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def litecoin(tmp_path_factory):
    node = CoinChain(LITECOIND, "LTC", tmp_path_factory.mktemp("litecoind"))
    yield node
    node.close()


@pytest.fixture(scope="module")
def bitcoin(tmp_path_factory):
    try:
        node = CoinChain(BITCOIND, "BTC", tmp_path_factory.mktemp("bitcoind"))
    except EngineUnavailableError as error:
        pytest.skip(f"{NO_NODE}: {error}. Bitcoin's code runs on litecoind alone.")
    yield node
    node.close()


class TestLitecoind(ChainContract):
    @pytest.fixture
    def chain(self, litecoin):
        backend = CoinBackend(litecoin)
        yield backend
        backend.close()


class TestBitcoind(ChainContract):
    @pytest.fixture
    def chain(self, bitcoin):
        backend = CoinBackend(bitcoin)
        yield backend
        backend.close()
