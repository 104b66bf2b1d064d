"""Whole blocks as nodes tell them: their hashes, and the native coin that their transactions carry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chalicelib.chains import evm_address
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.evm import answers
from chalicelib.chains.evm.questions import Questions
from chalicelib.chains.evm.spans import Span
from chalicelib.chains.providers.node import Call, NodeRefusalError

BLOCK_BY_NUMBER = "eth_getBlockByNumber"
_BLOOM_BYTES = 256


@dataclass(frozen=True, slots=True)
class Payment:
    """Native coin that a transaction carries to ``to`` (lower case); whether it worked is not known yet."""

    txid: str
    place: int
    to: str
    units: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        height: its number.
        hash: its hash.
        parent_hash: of the block before it.
        bloom: tells which logs it cannot have.
        payments: what native coin its transactions carry.
        slots: of each transaction its hash, sender and nonce as the node wrote them: few are ever looked at.
    """

    height: int
    hash: str
    parent_hash: str
    bloom: bytes
    payments: tuple[Payment, ...] = ()
    slots: tuple[tuple[Any, Any, Any], ...] = ()

    def spends(self, place: int, txid: str) -> str:
        """Return the slot of the transaction at a place; ValueError or IndexError when another one is there."""
        told, sender, nonce = self.slots[place]
        if answers.hash32(told) != txid:
            raise ValueError("another transaction")
        return spends_of(sender, nonce)


def spends_of(sender: Any, nonce: Any) -> str:
    """Return the slot ``sender:nonce``, as a node tells the two."""
    return f"{answers.canonical(answers.account(sender))}:{answers.quantity(nonce)}"


def read_header(answer: Any) -> Block:
    """Read a block without its transactions."""
    block = answers.mapping(answer)
    return Block(
        height=answers.quantity(block["number"]),
        hash=answers.hash32(block["hash"]),
        parent_hash=answers.hash32(block["parentHash"]),
        bloom=answers.data(block["logsBloom"]),
    )


def read_block(answer: Any) -> Block:
    """Read a block with its whole transactions."""
    header = read_header(answer)
    transactions = answers.listing(answer["transactions"])
    payments = tuple(read_payment(each) for each in transactions if carries_coin(each))
    slots = tuple((each["hash"], each["from"], each["nonce"]) for each in transactions)
    return replace(header, payments=payments, slots=slots)


def carries_coin(transaction: Any) -> bool:
    """Tell whether a transaction carries native coin to somebody: contracts being made have no receiver."""
    return transaction["value"] != "0x0" and transaction["to"] is not None


def read_payment(transaction: Any) -> Payment:
    """Read the native coin that a transaction carries."""
    return Payment(
        txid=answers.hash32(transaction["hash"]),
        place=answers.quantity(transaction["transactionIndex"]),
        to=answers.account(transaction["to"]),
        units=answers.quantity(transaction["value"]),
    )


def header_at(questions: Questions, height: int) -> Block | None:
    """Return the block at a height without its transactions, None where there is none yet."""
    return questions.ask(read_header_if_any, BLOCK_BY_NUMBER, hex(height), False)


def read_header_if_any(answer: Any) -> Block | None:
    """Read a block without its transactions; null is none."""
    return None if answer is None else read_header(answer)


def listed(questions: Questions, span: Span, first: int, last: int) -> list[Block]:
    """Return the blocks ``first`` to ``last`` with their payments, each the child of the one before.

    Raises:
        ChainUnavailableError: one is missing, or they do not fit together: the chain changed meanwhile.
    """

    def read(start: int, until: int) -> list[Block | None]:
        calls: list[Call] = [(BLOCK_BY_NUMBER, (hex(height), True)) for height in range(start, until + 1)]
        return [_unless_refused(each) for each in questions.try_ask_all(_read_block_if_any, calls)]

    blocks = [_present(block) for block in span.read(first, last, read)]
    _check_chain(blocks, first)
    return blocks


def may_have_log(bloom: bytes, *parts: str) -> bool:
    """Tell whether a block's bloom filter leaves room for a log with these parts: its address, its topics.

    Args:
        bloom: 2,048 bits; each part of each log sets three of them (yellow paper, 4.3.1).
        parts: as nodes write them, in hexadecimal.
    """
    return all(_is_set(bloom, bit) for part in parts for bit in _bits(part))


@cache
def _bits(part: str) -> tuple[int, ...]:
    hashed = evm_address.keccak256(bytes.fromhex(part[2:]))
    return tuple(int.from_bytes(hashed[at : at + 2], "big") % (8 * _BLOOM_BYTES) for at in (0, 2, 4))


def _is_set(bloom: bytes, bit: int) -> bool:
    return len(bloom) == _BLOOM_BYTES and bool(bloom[_BLOOM_BYTES - 1 - bit // 8] >> bit % 8 & 1)


def _read_block_if_any(answer: Any) -> Block | None:
    return None if answer is None else read_block(answer)


def _unless_refused(found: Block | NodeRefusalError | None) -> Block | None:
    if isinstance(found, NodeRefusalError):
        raise found
    return found


def _present(block: Block | None) -> Block:
    if block is None:
        raise ChainUnavailableError("The node lacks a block of the range.")
    return block


def _check_chain(blocks: Sequence[Block], first: int) -> None:
    parent_hash = None
    for height, block in enumerate(blocks, first):
        if block.height != height or parent_hash not in (None, block.parent_hash):
            raise ChainUnavailableError("The blocks do not fit together: the chain changed while it was read.")
        parent_hash = block.hash
