"""What the other providers say of a transaction that one of them calls impossible, or does not have."""

from collections.abc import Sequence

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.utxo.coin_node import CoinNode
from chalicelib.chains.utxo.spenders import Place


def demand(node: CoinNode, txid: str, spent: Sequence[str], place: Place) -> None:
    """Have every other provider that can be asked agree that a transaction can never be mined.

    It must have the transaction in no block and not in its memory pool, the same block where the outputs were
    spent, if it has come so far, and one of these outputs spent.

    Args:
        node: the provider that says so.
        txid: the transaction.
        spent: outputs that it spends and that others have spent, by that provider's blocks.
        place: the block by which one of them was.

    Raises:
        ChainUnavailableError: one of them does not agree: nobody can say who is right.
    """
    for other in node.others():
        try:
            is_agreed = _agrees(other, txid, spent, place)
        except ChainUnavailableError:
            continue  # one that cannot be asked is no witness
        if not is_agreed:
            raise ChainUnavailableError("Another provider does not have it that a transaction is impossible.")


def is_known(node: CoinNode, txid: str) -> bool:
    """Tell whether another provider has a transaction, in a block or in its memory pool."""
    for other in node.others():
        try:
            if other.find(txid) is not None:
                return True
        except ChainUnavailableError:
            continue
    return False


def _agrees(other: CoinNode, txid: str, spent: Sequence[str], place: Place) -> bool:
    height, block_hash = place
    if other.find(txid) is not None or other.block_hashes(height, height)[0] not in (None, block_hash):
        return False
    return not all(other.unspent(spent, with_pool=False))
