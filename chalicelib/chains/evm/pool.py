"""Transfers that are in no block yet, as far as the node shows what it would mine next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError, Match, Transfer
from chalicelib.chains.evm import answers
from chalicelib.chains.evm.abi import read_transfer_call
from chalicelib.chains.evm.blocks import BLOCK_BY_NUMBER, read_header, spends_of
from chalicelib.chains.evm.questions import LATEST, PENDING, Questions, as_it_is, read_answer
from chalicelib.chains.evm.scanning import COIN_INDEX
from chalicelib.chains.providers.node import NodeRefusalError

_TOKEN_INDEX = 1  # of a plain transfer's logs its own is the first: pool and block tell of one and the same


@dataclass(frozen=True, slots=True)
class _Pending:
    """The pending block's transactions, and the block that it would follow."""

    parent_hash: str
    transactions: tuple[Mapping[str, Any], ...]


def waiting(questions: Questions, tokens: Mapping[str, str], native_token: str, match: Match) -> list[Transfer]:
    """Return the transfers to our addresses in the pending block; none where the node has no such block.

    Of tokens, plain ``transfer`` calls alone are understood; what contracts do is known once it is mined.

    Args:
        questions: the node.
        tokens: each token's contract, in lower case, to its symbol.
        native_token: the chain's own coin.
        match: tells which addresses are ours.
    """
    calls = [(BLOCK_BY_NUMBER, (LATEST, False)), (BLOCK_BY_NUMBER, (PENDING, True))]
    latest, block = questions.try_ask_all(as_it_is, calls)
    if isinstance(latest, NodeRefusalError):
        raise ChainUnavailableError("The node names no newest block.") from latest
    head = read_answer(read_header, latest, BLOCK_BY_NUMBER)
    if block is None or isinstance(block, NodeRefusalError):
        return []
    pending = read_answer(_read_pending, block, BLOCK_BY_NUMBER)
    if pending.parent_hash != head.hash:  # some nodes show their newest block once more: all in it is mined
        return []
    transfers = [
        transfer
        for transaction in pending.transactions
        for transfer in read_answer(
            lambda each: list(_transfers(each, tokens, native_token)), transaction, PENDING
        )
    ]
    ours = match(dict.fromkeys(transfer.to for transfer in transfers)) if transfers else set()
    return [transfer for transfer in transfers if transfer.to in ours]


def _read_pending(answer: Any) -> _Pending:
    block = answers.mapping(answer)
    transactions = tuple(answers.mapping(each) for each in answers.listing(block["transactions"]))
    return _Pending(answers.hash32(block["parentHash"]), transactions)


def _transfers(transaction: Mapping[str, Any], tokens: Mapping[str, str], native_token: str) -> Iterator[Transfer]:
    """Yield what a transaction moves by itself: native coin, or a token by a plain call of its contract."""
    if transaction["to"] is None:
        return
    to, units = answers.account(transaction["to"]), answers.quantity(transaction["value"])
    if units:
        yield _transfer(transaction, COIN_INDEX, native_token, answers.canonical(to), units)
    called = read_transfer_call(answers.data(transaction["input"])) if to in tokens else None
    if called and called[1]:
        yield _transfer(transaction, _TOKEN_INDEX, tokens[to], *called)


def _transfer(transaction: Mapping[str, Any], index: int, token: str, to: str, units: int) -> Transfer:
    return Transfer(
        txid=answers.hash32(transaction["hash"]),
        index=index,
        height=None,
        block_hash=None,
        token=token,
        to=to,
        units=units,
        ok=True,
        spends=spends_of(transaction["from"], transaction["nonce"]),
    )
