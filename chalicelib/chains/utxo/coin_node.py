"""The questions that we ask bitcoind and litecoind, and their answers read with distrust.

They are all about the chain and the memory pool: none needs a wallet of the node, so any provider will do. It must
keep an index of transactions (``txindex=1``).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.chains.adapter import ChainUnavailableError, Head
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError
from chalicelib.chains.utxo import answers
from chalicelib.chains.utxo.answers import UnspentOutput
from chalicelib.chains.utxo.block import SeenBlock
from chalicelib.chains.utxo.encoding import outpoint_parts
from chalicelib.chains.utxo.fees import TARGET_BLOCKS, going_rate
from chalicelib.chains.utxo.reading import SeenTransaction

# What bitcoind's error codes mean (its src/rpc/protocol.h).
NOT_FOUND, OUT_OF_RANGE = -5, -8
BLOCKS_AT_ONCE, HASHES_AT_ONCE, TRANSACTIONS_AT_ONCE, COINS_AT_ONCE = 4, 100, 50, 100

_NO_INDEX = "No such mempool transaction"  # "… or blockchain transaction" is how a node with its index says it

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction that the node has.

    Attributes:
        transaction: its bytes, read.
        height: the block of the active chain that it lies in, None while in the memory pool.
        block_hash: that block's hash.
    """

    transaction: SeenTransaction
    height: int | None = None
    block_hash: str | None = None


class CoinNode:
    """Asks; whatever cannot be read is a ChainUnavailableError, and never an answer."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def pinned(self) -> AbstractContextManager[None]:
        """Have one provider answer all that is asked inside."""
        return self._node.pinned()

    def others(self) -> "list[CoinNode]":
        """Return the further providers."""
        return [CoinNode(node) for node in self._node.others()]

    def head(self) -> Head:
        """Return the newest block."""
        return self._one(answers.read_head, "getblockchaininfo")

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the hashes of the blocks of a range, None for those that the chain does not have."""
        calls: list[Call] = [("getblockhash", (height,)) for height in range(first, last + 1)]
        return self._many(answers.read_hash, calls, HASHES_AT_ONCE, absent=(OUT_OF_RANGE,))

    def blocks(self, hashes: Sequence[str]) -> Iterator[SeenBlock]:
        """Return the blocks of these hashes, a few at a time; each is proven to be the one asked for."""
        for place in range(0, len(hashes), BLOCKS_AT_ONCE):
            asked = hashes[place : place + BLOCKS_AT_ONCE]
            blocks = self._many(
                answers.read_raw_block, [("getblock", (each, 0)) for each in asked], BLOCKS_AT_ONCE
            )
            for block_hash, block in zip(asked, blocks, strict=True):
                if block is None or block.block_hash != block_hash:
                    raise ChainUnavailableError("The node gave another block than the one asked for.")
                yield block

    def pool(self) -> list[str]:
        """Return the ids of the transactions in the memory pool, in the node's order."""
        return self._one(answers.read_hashes, "getrawmempool")

    def transactions(self, txids: Sequence[str]) -> list[SeenTransaction | None]:
        """Return transactions wherever the node has them, a stale block included; None for those that it lacks."""
        calls: list[Call] = [("getrawtransaction", (txid, False)) for txid in txids]
        read = self._many(answers.read_raw_transaction, calls, TRANSACTIONS_AT_ONCE, absent=(NOT_FOUND,))
        for txid, transaction in zip(txids, read, strict=True):
            _check_id(transaction, txid)
        return read

    def find(self, txid: str) -> Found | None:
        """Look a transaction up; one that lies only in a block of a dead branch counts as not there."""
        try:
            answer = self._node.ask("getrawtransaction", txid, True)
        except NodeRefusalError as refusal:
            if _is_absent(refusal, (NOT_FOUND,)):
                return None
            raise _unavailable("getrawtransaction", refusal) from refusal
        transaction, block_hash = _guarded(answers.read_placed, answer, "getrawtransaction")
        _check_id(transaction, txid)
        if block_hash is None:
            return Found(transaction)
        height = self._one(answers.read_active_height, "getblockheader", block_hash)
        return None if height is None else Found(transaction, height, block_hash)

    def unspent(self, outpoints: Sequence[str], *, with_pool: bool) -> list[UnspentOutput | None]:
        """Return which of these outputs nobody has spent.

        Args:
            outpoints: ``txid:index`` of each.
            with_pool: whether the memory pool counts too: both what it spends and what it makes.
        """
        calls: list[Call] = [("gettxout", (*outpoint_parts(each), with_pool)) for each in outpoints]
        return self._many(answers.read_unspent, calls, COINS_AT_ONCE)

    def total_of(self, script: bytes) -> int:
        """Return the units of all unspent outputs of a script in blocks: it takes minutes."""
        return self._one(answers.read_total, "scantxoutset", "start", [f"raw({script.hex()})"])

    def fee_rate(self) -> int:
        """Return the going rate for 1,000 virtual bytes, within our bounds."""
        calls: list[Call] = [("estimatesmartfee", (TARGET_BLOCKS, "CONSERVATIVE")), ("getmempoolinfo", ())]
        estimate, pool = self._many(lambda each: each, calls, len(calls))
        return _guarded(lambda both: going_rate(*both), (estimate, pool), "estimatesmartfee")

    def send(self, raw: bytes) -> None:
        """Hand in a transaction, bounded by the node's own highest fee rate; raises NodeRefusalError."""
        self._node.ask("sendrawtransaction", raw.hex())

    def _one(self, read: Callable[[Any], Answer], method: str, *params: Any) -> Answer:
        try:
            answer = self._node.ask(method, *params)
        except NodeRefusalError as refusal:
            raise _unavailable(method, refusal) from refusal
        return _guarded(read, answer, method)

    def _many(
        self,
        read: Callable[[Any], Answer],
        calls: Sequence[Call],
        at_once: int,
        absent: Collection[int] = (),
    ) -> list[Answer | None]:
        """Ask in batches; None for each question that is refused with a code that means: not there."""
        read_ones: list[Answer | None] = []
        for place in range(0, len(calls), at_once):
            asked = calls[place : place + at_once]
            told = self._node.ask_many(asked)
            if len(told) != len(asked):
                raise ChainUnavailableError("The node left questions unanswered.")
            for (method, _), answer in zip(asked, told, strict=True):
                read_ones.append(_one_of_many(read, method, answer, absent))
        return read_ones


def _one_of_many(
    read: Callable[[Any], Answer], method: str, answer: Any, absent: Collection[int]
) -> Answer | None:
    if not isinstance(answer, NodeRefusalError):
        return _guarded(read, answer, method)
    if _is_absent(answer, absent):
        return None
    raise _unavailable(method, answer) from answer


def _is_absent(refusal: NodeRefusalError, absent: Collection[int]) -> bool:
    """Tell what is not there from what this node cannot look for: it lacks its index, or is making it."""
    return refusal.code in absent and not refusal.message.startswith(f"{_NO_INDEX}.")


def _unavailable(method: str, refusal: NodeRefusalError) -> ChainUnavailableError:
    return ChainUnavailableError(f"The node refuses {method}: {refusal}")


def _guarded(read: Callable[[Any], Answer], answer: Any, method: str) -> Answer:
    try:
        return read(answer)
    except answers.NONSENSE as error:
        raise ChainUnavailableError(f"The node's answer to {method} makes no sense.") from error


def _check_id(transaction: SeenTransaction | None, txid: str) -> None:
    """Hold a transaction to its id; one that lies wholly in the MWEB goes by another hash, and pays nobody."""
    if transaction and transaction.outpoints and transaction.txid != txid:
        raise ChainUnavailableError("The node gave another transaction than the one asked for.")
