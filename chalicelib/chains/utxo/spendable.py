"""Which of our coins can be spent now, as the chain has it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.chains.adapter import Coin
from chalicelib.chains.networks import LTC
from chalicelib.chains.utxo.answers import UnspentOutput
from chalicelib.chains.utxo.coin_node import CoinNode
from chalicelib.chains.utxo.encoding import outpoint_parts
from chalicelib.chains.utxo.reading import MWEB_FLAG

# Consensus rules: how deep what a block makes must lie before it is spent. Litecoin's HogEx transaction brings
# money out of the MWEB; a deposit can be paid that way.
COINBASE_MATURITY, PEGOUT_MATURITY = 100, 6


def unspent(node: CoinNode, family: str, coins: Iterable[Coin]) -> list[Coin]:
    """Return those of the coins that a transaction could spend now, with their real depth and worth."""
    asked = list(coins)
    outputs = node.unspent([coin.outpoint for coin in asked], with_pool=False)
    there = [
        replace(coin, units=output.units, confirmations=output.confirmations)
        for coin, output in zip(asked, outputs, strict=True)
        if output is not None and _is_mature(output)
    ]
    if family != LTC:
        return there
    pegged_out = _pegged_out(node, [coin for coin in there if coin.confirmations < PEGOUT_MATURITY])
    return [coin for coin in there if coin.outpoint not in pegged_out]


def _is_mature(output: UnspentOutput) -> bool:
    return output.confirmations >= (COINBASE_MATURITY if output.is_coinbase else 1)


def _pegged_out(node: CoinNode, shallow: Sequence[Coin]) -> set[str]:
    """Return those that a HogEx made; an output does not say so, its transaction does."""
    txids = list(dict.fromkeys(outpoint_parts(coin.outpoint)[0] for coin in shallow))
    earlier = dict(zip(txids, node.transactions(txids), strict=True))
    made_by = ((coin.outpoint, earlier[outpoint_parts(coin.outpoint)[0]]) for coin in shallow)
    return {outpoint for outpoint, made in made_by if made is None or made.flag & MWEB_FLAG}
