"""The tokens' Transfer logs (ERC-20) of a range of blocks: one question for all, checked against the blocks.

A node whose index of logs lags behind its blocks answers with too few logs, and says nothing of it. So a block for
which no log was told, although its bloom filter leaves room for one, is asked for once more by its hash (EIP-234):
then the node must know that block, or refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.evm import answers
from chalicelib.chains.evm.abi import TRANSFER_TOPIC
from chalicelib.chains.evm.blocks import Block, may_have_log
from chalicelib.chains.evm.questions import Questions
from chalicelib.chains.evm.spans import Span
from chalicelib.chains.providers.node import Call

GET_LOGS = "eth_getLogs"
_TRANSFER_TOPICS = 3


@dataclass(frozen=True, slots=True)
class TokenLog:
    """One Transfer of a token; addresses in lower case.

    Attributes:
        height: of its block.
        block_hash: of the same.
        txid: its transaction.
        place: the transaction's place in the block.
        log_index: the log's place in the block: it differs when the transaction is mined again in another one.
        contract: the token's.
        to: the receiver.
        units: how much.
    """

    height: int
    block_hash: str
    txid: str
    place: int
    log_index: int
    contract: str
    to: str
    units: int


def read_logs(answer: Any) -> list[TokenLog]:
    """Read an answer's logs, without those that the node took back."""
    return [read_log(each) for each in answers.listing(answer) if not each.get("removed")]


def read_log(answer: Any) -> TokenLog:
    """Read one Transfer log."""
    topics = answers.listing(answer["topics"])
    if len(topics) != _TRANSFER_TOPICS or answers.hash32(topics[0]) != TRANSFER_TOPIC:
        raise ValueError("no Transfer of an ERC-20 token")
    return TokenLog(
        height=answers.quantity(answer["blockNumber"]),
        block_hash=answers.hash32(answer["blockHash"]),
        txid=answers.hash32(answer["transactionHash"]),
        place=answers.quantity(answer["transactionIndex"]),
        log_index=answers.quantity(answer["logIndex"]),
        contract=answers.account(answer["address"]),
        to=answers.padded_account(topics[2]),
        units=answers.word(answer["data"]),
    )


def told(questions: Questions, span: Span, contracts: Sequence[str], blocks: Sequence[Block]) -> list[TokenLog]:
    """Return the tokens' transfers in listed blocks, those of nothing left out.

    Args:
        questions: the node.
        span: how many blocks it is asked for at once.
        contracts: the tokens', in lower case.
        blocks: the blocks, one after the other.

    Raises:
        ChainUnavailableError: a log belongs to none of the blocks: the chain changed while it was read.
    """
    if not contracts or not blocks:
        return []
    by_height = {block.height: block for block in blocks}

    def read(first: int, last: int) -> list[TokenLog]:
        query = {"fromBlock": hex(first), "toBlock": hex(last), **_wanted(contracts)}
        return questions.try_ask(read_logs, GET_LOGS, query)

    found = list(span.read(blocks[0].height, blocks[-1].height, read))
    found += _asked_again(questions, contracts, _doubtful(contracts, blocks, found))
    _check(by_height, contracts, found)
    once = {(log.height, log.log_index): log for log in found}
    return [log for log in once.values() if log.units]


def _wanted(contracts: Sequence[str]) -> dict[str, Any]:
    return {"address": list(contracts), "topics": [TRANSFER_TOPIC]}


def _doubtful(contracts: Sequence[str], blocks: Sequence[Block], found: Sequence[TokenLog]) -> list[Block]:
    """Return the blocks for which nothing was told, and whose bloom filter does not say that nothing is there."""
    heights = {log.height for log in found}
    return [block for block in blocks if block.height not in heights and _may_have_any(block, contracts)]


def _may_have_any(block: Block, contracts: Sequence[str]) -> bool:
    return any(may_have_log(block.bloom, contract, TRANSFER_TOPIC) for contract in contracts)


def _asked_again(questions: Questions, contracts: Sequence[str], doubtful: Sequence[Block]) -> list[TokenLog]:
    calls: list[Call] = [(GET_LOGS, ({"blockHash": block.hash, **_wanted(contracts)},)) for block in doubtful]
    return [log for logs in questions.ask_all(read_logs, calls) for log in logs]


def _check(by_height: Mapping[int, Block], contracts: Sequence[str], found: Sequence[TokenLog]) -> None:
    for log in found:
        block = by_height.get(log.height)
        if block is None or block.hash != log.block_hash:
            raise ChainUnavailableError("A log belongs to no listed block: the chain changed while it was read.")
        if log.contract not in contracts:
            raise ChainUnavailableError("The node told a log of another contract than it was asked for.")
