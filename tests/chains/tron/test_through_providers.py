"""The adapter over several providers that stand in for each other, each a fake node of its own."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Payout
from chalicelib.chains.providers import identity
from chalicelib.chains.providers.failover import Providers
from chalicelib.chains.providers.provider import Provider
from chalicelib.chains.providers.tron_http import TronHttpNode
from chalicelib.chains.tron.adapter import TronAdapter
from sandbox.fake_tron.server import FakeTronServer
from tests.chains.tron_backend import TOKENS, TronBackend


@pytest.fixture
def backends():
    made = [TronBackend("TRX"), TronBackend("TRX")]
    yield made
    for each in made:
        each.close()


def over(clock, *nodes: TronHttpNode) -> TronAdapter:
    inquiry, wanted = identity.inquiry_of("TRX"), identity.IDENTITY_OF["TRX"]
    providers = [Provider(node.host, node, inquiry, wanted, clock) for node in nodes]
    return TronAdapter(Providers(providers, identity.MAX_LAG_BLOCKS_OF["TRX"], clock), TOKENS)


def test_a_fake_node_passes_for_the_main_network(clock, backends):
    adapter = over(clock, backends[0].http)
    assert adapter.block_hash(0) == identity.IDENTITY_OF["TRX"]


def test_another_provider_stands_in_for_one_that_is_down(clock, backends):
    chain = backends[0]
    first = FakeTronServer(chain.node)
    first.start()
    dying = TronHttpNode(first.url)
    adapter = over(clock, dying, chain.http)
    head = adapter.head()
    dying.close()
    first.stop()
    assert adapter.head() == head


def test_two_providers_that_disagree_about_a_block_stop_it(clock, backends):
    first, second = backends
    first.pay(first.new_address(), 5)
    for each in backends:
        each.mine()
    adapter = over(clock, first.http, second.http)
    head = adapter.head()
    with pytest.raises(ChainUnavailableError, match="different blocks"):
        adapter.witness(head.height, head.hash)
    adapter.witness(0, adapter.block_hash(0))


def test_nothing_is_impossible_while_another_provider_has_it(clock, backends):
    """Both have the same blocks up to where one of them loses sight of a payment."""
    blind, seeing = backends
    payout = Payout(seeing.hot_wallet, seeing.new_address(), "TRX", 5)
    signed = seeing.adapter.sign(seeing.adapter.build(payout, "0", seeing.adapter.estimate(payout)), seeing.signer)
    seeing.adapter.broadcast(signed.raw)
    for each in backends:
        each.mine(300)
    spends = seeing.adapter.spends(signed.raw)
    assert over(clock, blind.http).status(signed.txid, spends).state == "impossible"
    with pytest.raises(ChainUnavailableError, match="another has not"):
        over(clock, blind.http, seeing.http).status(signed.txid, spends)
    assert over(clock, seeing.http, blind.http).status(signed.txid, spends).state == "mined"
