"""Receipts: whether a transaction did what it was for, what it cost, and where in it a log stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.evm import answers
from chalicelib.chains.evm.questions import Questions
from chalicelib.chains.providers.node import Call

RECEIPT = "eth_getTransactionReceipt"
_IN_ONE_BATCH = 50


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mined transaction.

    Attributes:
        txid: its id.
        height: of its block.
        block_hash: of the same.
        place: the transaction's place in the block.
        ok: whether it was not reverted.
        fee_units: what the chain took for it, in native units.
        logs: its logs as the node tells them.
    """

    txid: str
    height: int
    block_hash: str
    place: int
    ok: bool
    fee_units: int
    logs: tuple[Mapping[str, Any], ...]

    def position_of(self, log_index: int) -> int | None:
        """Return which of its logs, from 0, has that place in the block: the same wherever it is mined again."""
        for position, log in enumerate(self.logs):
            if answers.quantity(log["logIndex"]) == log_index:
                return position
        return None


def read_receipt(answer: Any) -> Receipt | None:
    """Read a receipt; null, or one of no block, is none."""
    if answer is None or answers.mapping(answer)["blockHash"] is None:
        return None
    logs = tuple(answers.mapping(log) for log in answers.listing(answer["logs"]))
    for log in logs:
        answers.quantity(log["logIndex"])
    return Receipt(
        txid=answers.hash32(answer["transactionHash"]),
        height=answers.quantity(answer["blockNumber"]),
        block_hash=answers.hash32(answer["blockHash"]),
        place=answers.quantity(answer["transactionIndex"]),
        ok=_read_success(answer["status"]),
        fee_units=_fee_units(answer),
        logs=logs,
    )


def receipt_of(questions: Questions, txid: str) -> Receipt | None:
    """Return a transaction's receipt, None while it is in no block."""
    return _of(txid, questions.ask(read_receipt, RECEIPT, txid))


def receipts_of(questions: Questions, txids: Iterable[str]) -> dict[str, Receipt]:
    """Return the receipts of mined transactions.

    Raises:
        ChainUnavailableError: one has none: the chain changed while it was read.
    """
    wanted = list(txids)
    receipts: dict[str, Receipt] = {}
    for start in range(0, len(wanted), _IN_ONE_BATCH):
        part = wanted[start : start + _IN_ONE_BATCH]
        calls: list[Call] = [(RECEIPT, (txid,)) for txid in part]
        for txid, receipt in zip(part, questions.ask_all(read_receipt, calls), strict=True):
            own = _of(txid, receipt)
            if own is None:
                raise ChainUnavailableError("A mined transaction has no receipt: the chain changed meanwhile.")
            receipts[txid] = own
    return receipts


def _of(txid: str, receipt: Receipt | None) -> Receipt | None:
    if receipt is not None and receipt.txid != txid:
        raise ChainUnavailableError("The node told the receipt of another transaction.")
    return receipt


def _read_success(status: Any) -> bool:
    told = answers.quantity(status)
    if told > 1:
        raise ValueError("no status")
    return told == 1


def _fee_units(answer: Any) -> int:
    """Return gas times price, and what a rollup names besides for its bytes on the chain below."""
    l1_fee = answer.get("l1Fee")
    for_bytes = 0 if l1_fee is None else answers.quantity(l1_fee)
    return answers.quantity(answer["gasUsed"]) * answers.quantity(answer["effectiveGasPrice"]) + for_bytes
