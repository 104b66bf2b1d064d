"""Reads ranges of blocks: each is proven, and each follows the one before."""

from collections.abc import Iterator

from chalicelib.chains.adapter import ChainUnavailableError, Match, Transfer
from chalicelib.chains.utxo.block import SeenBlock
from chalicelib.chains.utxo.coin_node import CoinNode
from chalicelib.chains.utxo.transfers import matched, paid_by


def scan(node: CoinNode, family: str, first: int, last: int, match: Match) -> list[Transfer]:
    """Return the transfers to our addresses in a range of blocks, in the chain's order.

    Raises:
        ChainUnavailableError: a block is missing, or they do not follow each other: a reorganisation came between.
    """
    found: list[Transfer] = []
    blocks = _chained(node, _hashes(node, first, last))
    for height, block in enumerate(blocks, first):
        paid = list(paid_by(block.transactions, family))
        ours = matched((each.address for each in paid), match)
        found += [each.transfer(family, height, block.block_hash) for each in paid if each.address in ours]
    return found


def _hashes(node: CoinNode, first: int, last: int) -> list[str]:
    hashes = [each for each in node.block_hashes(first, last) if each is not None]
    if len(hashes) != max(0, last - first + 1):
        raise ChainUnavailableError("The node does not have all blocks of the range.")
    return hashes


def _chained(node: CoinNode, hashes: list[str]) -> Iterator[SeenBlock]:
    previous = None
    for block in node.blocks(hashes):
        if previous not in (None, block.previous_hash):
            raise ChainUnavailableError("The blocks of the range do not follow each other.")
        previous = block.block_hash
        yield block
