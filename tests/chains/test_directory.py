"""Chains by their names: the adapter that the settings choose, over the nodes that they name."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.directory import NamedChains
from chalicelib.chains.evm.adapter import EvmAdapter
from chalicelib.chains.sim.adapter import SimAdapter
from chalicelib.chains.tron.adapter import TronAdapter
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.config import BLOCKCHAINS, ConfigurationError
from chalicelib.settings.nodes import Nodes
from chalicelib.settings.references import Later
from tests.support.settings import make_settings

USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


def chains(clock, tokens=None, **changed) -> NamedChains:
    return NamedChains(make_settings(**changed), tokens or {}, clock)


def test_each_family_has_its_adapter(clock, node):
    named = chains(clock, chain_nodes=dict.fromkeys(BLOCKCHAINS, node.url))
    kinds = {name: type(adapter) for name, adapter in named.items()}
    evm = dict.fromkeys(("ETH", "BSC", "ARB", "MATIC"), EvmAdapter)
    assert kinds == {**evm, "TRX": TronAdapter, "BTC": UtxoAdapter, "LTC": UtxoAdapter}


def test_a_simulated_node_has_the_simulators(clock):
    named = chains(clock)
    assert {type(adapter) for adapter in named.values()} == {SimAdapter}
    assert set(named) == set(BLOCKCHAINS)


def test_each_is_made_once_and_none_before_it_is_asked_for(clock):
    read = []

    def nodes():
        read.append(1)
        return {"ETH": Nodes(("sim://127.0.0.1:1",))}

    named = chains(clock, chain_nodes=Later(nodes, BLOCKCHAINS))
    assert sorted(named) == sorted(BLOCKCHAINS)
    assert len(named) == 7
    assert "ETH" in named
    assert "DOGE" not in named
    assert read == []
    assert named["ETH"] is named["ETH"]
    assert read == [1]


def test_the_chain_that_is_served_must_be_the_main_one(clock, start):
    main, test = start(), start(chain_id="0x7a69")
    named = chains(clock, chain_nodes={"ETH": main.url, "BSC": test.url})
    with pytest.raises(ChainUnavailableError, match="another chain"):
        named["BSC"].head()
    assert test.count("eth_blockNumber") == 0
    with pytest.raises(ChainUnavailableError):
        named["ETH"].head()  # it is the right one, and knows no such question
    assert "eth_getBlockByNumber" in main.asked


def test_the_sandbox_may_name_another(clock, start):
    test = start(chain_id="0x7a69")
    named = chains(clock, chain_nodes={"BSC": test.url}, chain_identities={"BSC": "31337"})
    with pytest.raises(ChainUnavailableError):
        named["BSC"].head()
    assert "eth_getBlockByNumber" in test.asked


def test_several_providers_stand_in_for_each_other(clock, start):
    first, second = start(chain_id="0x7a69"), start()
    named = chains(clock, chain_nodes={"ETH": Nodes((first.url, second.url))})
    with pytest.raises(ChainUnavailableError):
        named["ETH"].head()
    assert "eth_getBlockByNumber" not in first.asked
    assert "eth_getBlockByNumber" in second.asked


def test_a_node_that_cannot_be_used_is_refused_without_its_url(clock):
    with pytest.raises(ConfigurationError, match="CHAIN_NODES cannot be read: ETH: each URL must be") as refused:
        chains(clock, chain_nodes={"ETH": "ftp://SECRET"})["ETH"]
    assert "SECRET" not in str(refused.value)


def test_the_catalogues_contracts_are_the_tokens(env):
    from chalicelib.assembly import _tokens  # noqa: PLC0415 -- what build gives the chains

    tokens = _tokens(env.catalogue)
    assert tokens["ETH"]["USDT"] == USDT
    assert set(tokens) <= set(BLOCKCHAINS)
    assert "BTC" not in tokens
    for blockchain, contracts in tokens.items():
        for token, contract in contracts.items():
            assert env.catalogue.by_chain_token(blockchain, token).contract == contract
