"""The contract suite over the fake TRON node: a token, and TRX itself."""

import pytest

from tests.chains.contract_suite import ChainContract, send_payout, stand
from tests.chains.tron_backend import TronBackend


@pytest.fixture(params=["USDT", "TRX"])
def chain(request):
    backend = TronBackend(request.param)
    yield backend
    backend.close()


class TestFakeTron(ChainContract):
    def test_an_impossible_one_says_how_deep_that_is(self, chain):
        """Here time makes it impossible: the height is the solidified block that has outlived it."""
        signed = send_payout(chain, 0, to=chain.new_address())
        chain.doublespend(signed.txid)
        status = stand(chain, signed)
        assert (status.state, status.height) == ("impossible", chain.adapter.head().final_height)
        chain.mine(3)
        assert stand(chain, signed).height == status.height + 3
