"""The made-up block is a block, and what matching reads of it does not grow with what is open."""

from types import SimpleNamespace

from benchmarks import scanning_coins
from benchmarks.scanning_coins import FORM, OURS, TRANSACTIONS, synthetic_block
from chalicelib.chains.sightings import Matcher
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.block import read_block
from chalicelib.chains.utxo.script import address_of


def test_the_block_is_the_same_every_time_and_proves_itself():
    block = read_block(synthetic_block())
    assert len(block.transactions) == TRANSACTIONS
    assert read_block(synthetic_block()).block_hash == block.block_hash


def test_reads_are_one_for_each_address_of_the_block_however_many_are_open():
    raw = synthetic_block()
    paid = {address_of(script, "BTC") for each in read_block(raw).transactions for _, script in each.outputs}
    asked = [address for address in paid if address and address.startswith(FORM)]
    adapter = UtxoAdapter("BTC", scanning_coins._OneBlock(raw))
    settings = SimpleNamespace(deposit_xpubs={"BTC": scanning_coins.account_key(bytes(32), "BTC").xpub()})
    for count in (100, 100_000):
        pointers = scanning_coins._Pointers(raw, count)
        env = SimpleNamespace(store=pointers, chains={"BTC": adapter}, settings=settings)
        assert len(adapter.scan(0, 0, Matcher(env, "BTC"))) == OURS
        assert pointers.read_units == len(asked) < len(paid)
