"""The coins that a hot wallet may spend: what was paid to us in blocks, less what its open batches take."""

from collections.abc import Mapping
from typing import Literal, cast

from chalicelib.chains.adapter import HOT_WALLET_PATH, Coin, CoinAdapter
from chalicelib.chains.records import CoinRecord
from chalicelib.payouts import rules
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.records import CoinBatch
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete, put
from chalicelib.withdrawals.records import OpenPayout

TIMES_DEEP = 3  # a stranger can double-spend what a reorganisation gives back: his coins must lie deeper
MOST_ASKED = 500  # of the node, the dearest first: a transaction takes a hundred at most
OLDEST_LOOKED_AT = 3  # batches that may be over by now, whenever coins are asked for

Fate = Literal["deep", "coming", "nowhere"]


def free(wallet: Wallet) -> list[Coin]:
    """Return the coins that a new batch may take, proven by the node: deep in a block, and spent by nobody.

    The number that the batch is to take must have been read before: whoever stores one in between takes that
    number, so that no coin is ever given to two batches.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    env, blockchain = wallet.env, wallet.blockchain
    taken = {coin.outpoint for batch in _open_batches(wallet) for coin, _ in _taken_by(wallet, batch)}
    stored = env.store.query_all(CoinRecord, keys.coins(blockchain))
    coins = [Coin(one.sk, one.units, one.key_path) for one in stored if one.sk not in taken]
    coins.sort(key=lambda coin: (-coin.units, coin.outpoint))
    found = adapter_of(wallet).unspent(coins[:MOST_ASKED])
    deep = _confirmations(wallet)
    return [coin for coin in found if coin.confirmations >= (deep if _is_own(coin) else TIMES_DEEP * deep)]


def forget_when_over(wallet: Wallet, slot: int) -> None:
    """Forget a batch once none of its withdrawals is followed or watched; coins that it did not spend are free.

    A batch whose child is still on its way stays: ``free`` comes back to it.

    Raises:
        ChainUnavailableError: the node does not answer; ``free`` comes back to it as well.
    """
    batch = wallet.env.store.get(CoinBatch, keys.coin_batch(wallet.blockchain, slot))
    if batch is not None:
        _is_forgotten(wallet, batch)


def adapter_of(wallet: Wallet) -> CoinAdapter:
    """Return the wallet's adapter as that of a chain whose money lies in coins."""
    assert wallet.adapter.slot_kind == "inputs", "only such a chain has batches"
    return cast("CoinAdapter", wallet.adapter)


def _confirmations(wallet: Wallet) -> int:
    return wallet.env.catalogue.by_chain_token(wallet.blockchain, wallet.native_token).confirmations


def _is_own(coin: Coin) -> bool:
    """Tell whether it is the hot wallet's own: change, or what a treasurer brought."""
    return coin.key_path == HOT_WALLET_PATH


def _open_batches(wallet: Wallet) -> list[CoinBatch]:
    """Return the batches that coins are taken by, oldest first; those left over by a death are forgotten first."""
    batches = list(wallet.env.store.query_all(CoinBatch, keys.coin_batches(wallet.blockchain)))
    oldest = [batch for batch in batches[:OLDEST_LOOKED_AT] if not _is_forgotten(wallet, batch)]
    return [*oldest, *batches[OLDEST_LOOKED_AT:]]


def _is_forgotten(wallet: Wallet, batch: CoinBatch) -> bool:
    """Forget a batch if it is over; tells whether it did."""
    if _is_followed(wallet, batch):
        return False
    store, taken = wallet.env.store, _taken_by(wallet, batch)
    with wallet.adapter.pinned():
        fates = {txid: _fate(wallet, txid) for txid in dict.fromkeys(txid for _, by in taken for txid in by)}
        if "coming" in fates.values() or not _is_decided(wallet, batch, fates):
            return False
        spent = {coin.outpoint for coin, by in taken if any(fates[txid] == "deep" for txid in by)}
        unspent = adapter_of(wallet).unspent([coin for coin, _ in taken if coin.outpoint not in spent])
    # Only what a transaction of ours has spent, and deep, is spent for good. What another has spent may come back;
    # whoever takes a coin asks the node whether it is there.
    for coin in unspent:
        pk, sk = keys.coin(wallet.blockchain, coin.outpoint)
        store.commit(put(CoinRecord(pk=pk, sk=sk, units=coin.units, key_path=coin.key_path)))
    for outpoint in sorted(spent):
        store.commit(delete(keys.coin(wallet.blockchain, outpoint)))
    store.commit(delete(batch.key))
    return True


def _is_followed(wallet: Wallet, batch: CoinBatch) -> bool:
    """Tell whether one of its withdrawals is followed or watched; mostly the first one tells."""
    named = [keys.open_payout(wallet.blockchain, withdrawal_id) for _, withdrawal_id in batch.payouts]
    read = wallet.env.store.get_many
    return bool(read(OpenPayout, named[:1]) or read(OpenPayout, named))


def _is_decided(wallet: Wallet, batch: CoinBatch, fates: Mapping[str, Fate]) -> bool:
    """Tell whether this node, too, has seen the end of the batch: one attempt is deep, or none can be mined."""
    is_deep = any(fates[attempt.txid] == "deep" for attempt in batch.attempts)
    return is_deep or all(wallet.status(one.txid, one.raw).state == "impossible" for one in batch.attempts)


def _fate(wallet: Wallet, txid: str) -> Fate:
    """Tell what became of a transaction of ours: while it may still be mined, its coins are nobody else's."""
    seen = wallet.adapter.status(txid)
    if seen.state == "mined":
        confirmations = TIMES_DEEP * _confirmations(wallet)
        return "deep" if rules.is_deep(seen.height, wallet.adapter.head().height, confirmations) else "coming"
    return "coming" if seen.state == "mempool" or adapter_of(wallet).is_known(txid) else "nowhere"


def _taken_by(wallet: Wallet, batch: CoinBatch) -> list[tuple[Coin, list[str]]]:
    """Return the coins that a batch takes, the changes of its own among them, and what of it spends each."""
    attempts = [attempt.txid for attempt in batch.attempts]
    taken = [(coin, attempts) for coin in batch.spending(batch.attempts[-1]).coins]
    changes = {one.txid: one.change_units for one in (*batch.attempts, *batch.children)}
    for child in batch.children:
        outpoint = wallet.adapter.spends(child.raw)
        parent_txid = outpoint.split(":")[0]
        taken.append((Coin(outpoint, changes[parent_txid], HOT_WALLET_PATH), [child.txid]))
    return taken
