"""What lies on our addresses where money lies in coins: those that were kept, as far as the node proves them."""

from collections.abc import Iterable, Sequence
from typing import cast

from chalicelib.audit.places import OnChain
from chalicelib.chains.adapter import Coin, CoinAdapter
from chalicelib.chains.networks import NATIVE_TOKEN_OF
from chalicelib.chains.records import CoinRecord
from chalicelib.environment import Environment
from chalicelib.payouts.records import CoinBatch
from chalicelib.storage import keys

COINS_IN_ONE_QUESTION = 500
MOST_ASKED = 20_000  # the dearest first; what is more counts as it was kept


def read(env: Environment, blockchain: str, most_asked: int = MOST_ASKED) -> tuple[OnChain, set[str]]:
    """Ask the node which of our coins lie unspent in blocks, the change of open batches among them.

    Returns:
        What lies there, and the outpoints that the node proved.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    adapter = cast("CoinAdapter", env.chains[blockchain])
    coins = {one.outpoint: one for one in (*_kept(env, blockchain), *_changes(env, blockchain, adapter))}
    asked = sorted(coins.values(), key=lambda coin: (-coin.units, coin.outpoint))
    there, proven = OnChain(), set[str]()
    for start in range(0, min(len(asked), most_asked), COINS_IN_ONE_QUESTION):
        some = asked[start : min(start + COINS_IN_ONE_QUESTION, most_asked)]
        there.asked += len(some)
        for coin in adapter.unspent(some):
            there.add(NATIVE_TOKEN_OF[blockchain], coin.units)
            proven.add(coin.outpoint)
    for coin in asked[most_asked:]:
        there.add(NATIVE_TOKEN_OF[blockchain], coin.units, is_remembered=True)
    return there, proven


def _kept(env: Environment, blockchain: str) -> Iterable[Coin]:
    stored = env.store.query_all(CoinRecord, keys.coins(blockchain))
    return (Coin(one.sk, one.units, one.key_path) for one in stored)


def _changes(env: Environment, blockchain: str, adapter: CoinAdapter) -> Sequence[Coin]:
    """Return the change of every transaction that may be mined before the scanner has seen it."""
    return [
        adapter.change_of(signed.raw, batch.spending(signed))
        for batch in env.store.query_all(CoinBatch, keys.coin_batches(blockchain))
        for signed in (*batch.attempts, *batch.children)
    ]
