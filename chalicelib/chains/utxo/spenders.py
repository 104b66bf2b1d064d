"""Finds the block that spends an output: no index says it, so blocks are read, the newest first."""

from collections.abc import Iterator, Mapping

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.utxo.block import SeenBlock
from chalicelib.chains.utxo.coin_node import BLOCKS_AT_ONCE, CoinNode
from chalicelib.chains.utxo.encoding import outpoint_bytes

# More than the end of a payout's watch asks for: that depth must be told, also by a process that has just begun.
# Blocks are read only until the spender is found, and once.
MOST_BLOCKS_WALKED = 72
MOST_REMEMBERED = 1_000
_CHANGED = "The chain was reorganised while it was read."

Place = tuple[int, str]
"""A block's height and its hash."""


class Spenders:
    """Where outputs were spent; what was found once is only asked whether it still stands."""

    def __init__(self, node: CoinNode) -> None:
        self._node = node
        self._known: dict[tuple[str, ...], Place] = {}

    def place(self, txid: str, came_in: Mapping[str, int]) -> Place:
        """Return a block by which one of these spent outputs was spent.

        It is the deepest that is proven: where none of them is spent by the blocks that we walk back, all were
        spent deeper than the last of these.

        Args:
            txid: the transaction that did not spend them.
            came_in: the outputs, all of them spent, and the height that each came in at.

        Raises:
            ChainUnavailableError: the node's answers do not fit together, or the chain changed meanwhile.
        """
        asked = tuple(sorted(came_in))
        known = self._known.get(asked)
        if known is not None and self._node.block_hashes(known[0], known[0]) == [known[1]]:
            return known
        place = self._walk(txid, came_in)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[asked] = place
        return place

    def _walk(self, txid: str, came_in: Mapping[str, int]) -> Place:
        head, oldest = self._node.head(), min(came_in.values())
        lowest = max(oldest, head.height - MOST_BLOCKS_WALKED + 1)
        looked_for = {outpoint_bytes(each) for each in came_in}
        found, last = None, (head.height, head.hash)
        for height, block in self._down(head.height, lowest):
            last = height, block.block_hash
            spent = _spent_in(block, looked_for, txid)
            found = last if spent else found
            looked_for -= spent
            if not looked_for:
                break
        if found is not None:
            return found
        if lowest == oldest or any(self._node.unspent(list(came_in), with_pool=False)):
            raise ChainUnavailableError("The node calls an output spent that no block of it spends.")
        return last

    def _down(self, top: int, lowest: int) -> Iterator[tuple[int, SeenBlock]]:
        """Go down from a height, a few blocks at a time; each must stand under the one before."""
        previous = None
        for above in range(top, lowest - 1, -BLOCKS_AT_ONCE):
            heights = range(max(lowest, above - BLOCKS_AT_ONCE + 1), above + 1)
            hashes = [each for each in self._node.block_hashes(heights[0], above) if each is not None]
            if len(hashes) != len(heights):
                raise ChainUnavailableError(_CHANGED)
            blocks = list(self._node.blocks(hashes))
            for height, block in zip(reversed(heights), reversed(blocks), strict=True):
                if previous not in (None, block.block_hash):
                    raise ChainUnavailableError(_CHANGED)
                previous = block.previous_hash
                yield height, block


def _spent_in(block: SeenBlock, looked_for: set[bytes], txid: str) -> set[bytes]:
    spent: set[bytes] = set()
    for transaction in block.transactions:
        hit = looked_for.intersection(transaction.outpoints)
        if hit and transaction.txid == txid:
            raise ChainUnavailableError("The node's index of transactions is behind its blocks.")
        spent |= hit
    return spent
