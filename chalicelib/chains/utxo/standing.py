"""Where a transaction stands, and whether another one has spent what it spends."""

from collections.abc import Sequence

from chalicelib.chains.adapter import ChainUnavailableError, TxStatus
from chalicelib.chains.utxo import second_opinion
from chalicelib.chains.utxo.coin_node import CoinNode, Found
from chalicelib.chains.utxo.encoding import outpoint_parts, outpoint_text
from chalicelib.chains.utxo.reading import MWEB_FLAG, SeenTransaction
from chalicelib.chains.utxo.spenders import Spenders

MOST_INPUTS_COUNTED = 100  # a payout of ours has no more; what others paid for their deposits is not our matter


def standing(node: CoinNode, spenders: Spenders, txid: str, spends: str | None) -> TxStatus:
    """Return where a transaction stands; it is never called impossible while the node has it."""
    with node.pinned():
        found = node.find(txid)
        if found is None and spends:
            conflict = _conflict(node, spenders, txid, spends.split(","))
            found = node.find(txid)  # it may have come while the coins were looked at
            if found is None:
                return conflict
        if found is None:
            return TxStatus("missing")
        return _found_status(node, found)


def _found_status(node: CoinNode, found: Found) -> TxStatus:
    if found.height is None:
        return TxStatus("mempool")
    fee_units = _fee_units(node, found.transaction)
    return TxStatus("mined", found.height, found.block_hash, ok=True, fee_units=fee_units)


def _fee_units(node: CoinNode, transaction: SeenTransaction) -> int | None:
    """Return what the inputs are worth over the outputs; None where there is no telling, or it is not ours.

    A coinbase pays no fee, and that of a transaction with an MWEB part is no difference of its coins.
    """
    is_plain = not transaction.is_coinbase and not transaction.flag & MWEB_FLAG
    if not is_plain or len(transaction.outpoints) > MOST_INPUTS_COUNTED:
        return None
    spent = [outpoint_parts(outpoint_text(each)) for each in transaction.outpoints]
    txids = list(dict.fromkeys(txid for txid, _ in spent))
    earlier = dict(zip(txids, node.transactions(txids), strict=True))
    fee_units = sum(_worth(earlier[txid], index) for txid, index in spent)
    fee_units -= sum(units for units, _ in transaction.outputs)
    if fee_units < 0:
        raise ChainUnavailableError("The node tells of a transaction that pays more than it has.")
    return fee_units


def _worth(transaction: SeenTransaction | None, index: int) -> int:
    if transaction is None or index >= len(transaction.outputs):
        raise ChainUnavailableError("The node lacks what a mined transaction has spent.")
    return transaction.outputs[index][0]


def _conflict(node: CoinNode, spenders: Spenders, txid: str, outpoints: Sequence[str]) -> TxStatus:
    """Tell whether others have spent some of these outputs in a block.

    Money is given back on that word: all providers that can be asked must agree.
    """
    in_blocks = node.unspent(outpoints, with_pool=False)
    mined: dict[str, int] = {}
    for outpoint, there in zip(outpoints, in_blocks, strict=True):
        parent = None if there else _parent(node, outpoint)
        if parent is not None and parent.height is not None:
            mined[outpoint] = parent.height
    if mined:
        place = spenders.place(txid, mined)
        second_opinion.demand(node, txid, list(mined), place)
        return TxStatus("impossible", place[0])
    return TxStatus("missing")  # a rival that only waits may still lose, and ours may be sent to outbid it


def _parent(node: CoinNode, outpoint: str) -> Found | None:
    """Return where an output comes from; None when that has left the chain: it is not spent then, but gone."""
    txid, index = outpoint_parts(outpoint)
    found = node.find(txid)
    return found if found and index < len(found.transaction.outputs) else None
