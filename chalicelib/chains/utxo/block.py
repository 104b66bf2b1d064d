"""Reads a raw block, and proves that what it says is what its hash stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.chains.utxo.encoding import MalformedError, double_sha256, shown
from chalicelib.chains.utxo.reading import MWEB_FLAG, SeenTransaction, read_many

HEADER_BYTES = 80
_MWEB_BLOCK_FOLLOWS = 1


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block: its hash, its predecessor's, and its transactions in their order."""

    block_hash: str
    previous_hash: str
    transactions: list[SeenTransaction]


def read_block(data: bytes) -> SeenBlock:
    """Read a block of Bitcoin or Litecoin as nodes hand it out, its MWEB block stepped over.

    Litecoin, too, names a block by the double SHA-256 of its header; scrypt is only how it is mined. The header's
    Merkle root proves the transactions: a block with one of them left out or altered is refused.

    Raises:
        MalformedError: cut off, garbled, or not the transactions that the header commits to.
    """
    if len(data) <= HEADER_BYTES:
        raise MalformedError("The block's bytes end early.")
    transactions, end = read_many(data, HEADER_BYTES)
    if not transactions or not _may_end(data, end, transactions[-1]):
        raise MalformedError("The block's bytes do not end with its last transaction.")
    if merkle_root([transaction.digest for transaction in transactions]) != data[36:68]:
        raise MalformedError("The block's transactions are not those of its header.")
    return SeenBlock(shown(double_sha256(data[:HEADER_BYTES])), shown(data[4:36]), transactions)


def _may_end(data: bytes, end: int, last: SeenTransaction) -> bool:
    """Tell whether a block may end there: behind a HogEx, its last transaction, a block of the MWEB may follow."""
    if end == len(data):
        return True
    return bool(last.flag & MWEB_FLAG) and data[end] <= _MWEB_BLOCK_FOLLOWS


def merkle_root(digests: Sequence[bytes]) -> bytes:
    """Return the root of a block's transaction ids.

    Raises:
        MalformedError: two neighbours are alike: so one list can be given the root of another (CVE-2012-2459).
    """
    level = list(digests)
    while len(level) > 1:
        pairs = list(zip(level[::2], level[1::2], strict=False))
        if any(left == right for left, right in pairs):
            raise MalformedError("The block names a transaction twice.")
        if len(level) % 2:
            pairs.append((level[-1], level[-1]))
        level = [double_sha256(left + right) for left, right in pairs]
    return level[0]
