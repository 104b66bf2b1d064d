"""The coins that a hot wallet may spend: what was paid to us in blocks, less what its open batches take."""

from collections.abc import Iterable
from typing import cast

from chalicelib.chains.adapter import HOT_WALLET_PATH, Coin, CoinAdapter
from chalicelib.chains.records import CoinRecord
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.records import CoinBatch
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete
from chalicelib.withdrawals.records import OpenPayout

TIMES_DEEP = 3  # a stranger can double-spend what a reorganisation gives back: his coins must lie deeper
MOST_ASKED = 500  # of the node, the dearest first: a transaction takes a hundred at most


def free(wallet: Wallet) -> list[Coin]:
    """Return the coins that a new batch may take, proven by the node: deep in a block, and spent by nobody.

    The number that the batch is to take must have been read before: whoever stores one in between takes that
    number, so that no coin is ever given to two batches.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    env, blockchain = wallet.env, wallet.blockchain
    taken = {outpoint for batch in _open_batches(wallet) for outpoint in _spent_by(wallet, batch)}
    stored = env.store.query_all(CoinRecord, keys.coins(blockchain))
    coins = [Coin(one.sk, one.units, one.key_path) for one in stored if one.sk not in taken]
    coins.sort(key=lambda coin: (-coin.units, coin.outpoint))
    found = adapter_of(wallet).unspent(coins[:MOST_ASKED])
    deep = env.catalogue.by_chain_token(blockchain, wallet.native_token).confirmations
    return [coin for coin in found if coin.confirmations >= (deep if _is_own(coin) else TIMES_DEEP * deep)]


def forget_when_over(wallet: Wallet, slot: int) -> None:
    """Forget a batch once none of its withdrawals is followed or watched, and the coins that it spent for good."""
    store = wallet.env.store
    batch = store.get(CoinBatch, keys.coin_batch(wallet.blockchain, slot))
    if batch is None:
        return
    named = [keys.open_payout(wallet.blockchain, withdrawal_id) for _, withdrawal_id in batch.payouts]
    if store.get_many(OpenPayout, named):
        return
    for outpoint in _spent_by(wallet, batch):  # the node says of each that it is spent: none can come back
        store.commit(delete(keys.coin(wallet.blockchain, outpoint)))
    store.commit(delete(batch.key))


def adapter_of(wallet: Wallet) -> CoinAdapter:
    """Return the wallet's adapter as that of a chain whose money lies in coins."""
    assert wallet.adapter.slot_kind == "inputs", "only such a chain has batches"
    return cast("CoinAdapter", wallet.adapter)


def _is_own(coin: Coin) -> bool:
    """Tell whether it is the hot wallet's own: change, or what a treasurer brought."""
    return coin.key_path == HOT_WALLET_PATH


def _open_batches(wallet: Wallet) -> Iterable[CoinBatch]:
    return wallet.env.store.query_all(CoinBatch, keys.coin_batches(wallet.blockchain))


def _spent_by(wallet: Wallet, batch: CoinBatch) -> list[str]:
    """Return the coins that a batch takes, and the changes of its own that its children spend."""
    spent = [outpoint for outpoint, _, _ in batch.coins]
    return spent + [wallet.adapter.spends(child.raw) for child in batch.children]
