"""Litecoin's extension blocks (MWEB) as litecoind itself makes them: what comes out of one is a deposit."""

import pytest

from chalicelib.chains.providers.json_rpc import JsonRpcNode
from chalicelib.chains.utxo.adapter import UtxoAdapter
from sandbox.nodes.coin_daemon import LITECOIND, CoinDaemon, start_coin_daemon
from sandbox.nodes.coin_transaction import COIN, address_of

pytestmark = pytest.mark.slow

BEGIN = 432
"""The first block of a regtest chain that has an extension block."""

WITH_EXTENSION_BLOCKS = CoinDaemon(LITECOIND.program)


@pytest.fixture
def node(tmp_path):
    process = start_coin_daemon(WITH_EXTENSION_BLOCKS, tmp_path, 1_800_000_000, options=("-fallbackfee=0.0002",))
    yield process
    process.kill()


@pytest.fixture
def adapter(node):
    asked = JsonRpcNode(node.url)
    yield UtxoAdapter("LTC", asked)
    asked.close()


def test_blocks_with_extension_blocks_are_read_whole_and_what_comes_out_of_them_is_seen(node, adapter):
    ask = node.rpc.ask
    ask("createwallet", "a stranger's")
    stranger, ours = (ask("getnewaddress", "", "bech32") for _ in range(2))
    ours_on_mainnet = address_of(bytes.fromhex(ask("getaddressinfo", ours)["scriptPubKey"]), "LTC")

    def mine() -> int:
        ask("generatetoaddress", 1, stranger)
        return ask("getblockcount")

    ask("generatetoaddress", BEGIN - 1, stranger)
    ask("sendtoaddress", ask("getnewaddress", "", "mweb"), 20)
    assert mine() == BEGIN
    into = ask("getblock", ask("getblockhash", BEGIN), 1)
    assert "mweb" in into
    mine()
    plain = [{"txid": each["txid"], "vout": each["vout"]} for each in ask("listunspent") if "vout" in each]
    ask("lockunspent", False, plain)  # only what lies in the extension block is left to pay with
    ask("sendtoaddress", ours, 3)
    first = mine()
    (found,) = adapter.scan(0, first, lambda told: {ours_on_mainnet} & set(told))
    assert (found.height, found.to, found.units) == (first, ours_on_mainnet, 3 * COIN)
    assert found.block_hash == adapter.block_hash(first)
    last = ask("getblock", found.block_hash, 2)["tx"][-1]
    assert found.txid == last["txid"]
    assert any("ismweb" in spent for spent in last["vin"])
