"""The contract suite over anvil: Tether's token that returns nothing, a plain ERC-20 and the native coin."""

import pytest

from tests.chains.anvil_backend import AnvilBackend
from tests.chains.contract_suite import ChainContract

pytestmark = pytest.mark.slow


@pytest.fixture(
    params=[("ETH", "USDT"), ("ETH", "USDC"), ("ETH", "ETH"), ("BSC", "USDT"), ("ARB", "ETH"), ("MATIC", "POL")],
    ids="-".join,
)
def chain(request, tmp_path):
    backend = AnvilBackend(tmp_path, *request.param)
    yield backend
    backend.close()


class TestAnvil(ChainContract):
    pass
