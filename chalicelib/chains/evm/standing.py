"""Where a transaction stands: mined, in the pool, missing, or impossible because its nonce was used by another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.chains import evm_address
from chalicelib.chains.adapter import ChainUnavailableError, TxStatus
from chalicelib.chains.evm import answers, logs
from chalicelib.chains.evm.abi import read_transfer_call
from chalicelib.chains.evm.questions import LATEST, Questions
from chalicelib.chains.evm.receipts import Receipt, receipt_of
from chalicelib.chains.providers.node import NodeRefusalError

TRANSACTION = "eth_getTransactionByHash"
COUNT = "eth_getTransactionCount"
_FURTHEST_BLOCKS = 1024  # deeper than any depth that is asked for; most nodes keep less state


@dataclass(frozen=True, slots=True)
class Slot:
    """What at most one mined transaction can have: a sender and its nonce."""

    sender: str
    nonce: int

    @classmethod
    def parse(cls, spends: str) -> "Slot":
        """Read ``sender:nonce``; raises ValueError."""
        sender, _, nonce = spends.partition(":")
        if not (evm_address.has_form(sender) and nonce.isascii() and nonce.isdigit()):
            raise ValueError("This is no slot of an EVM chain: sender and nonce, with a colon between them.")
        return cls(sender, int(nonce))


@dataclass(frozen=True, slots=True)
class _Known:
    """A transaction as a node shows it."""

    slot: Slot
    to: str | None
    data: bytes


def status(questions: Questions, tokens: Mapping[str, str], txid: str, spends: str | None) -> TxStatus:
    """Return where a transaction stands.

    A used nonce outweighs a pool: nodes may show for a while what can never be mined any more.

    Args:
        questions: the node; one provider must answer all of it.
        tokens: each token's contract, in lower case, to its symbol.
        txid: its id.
        spends: its slot, if it is known; else the node's own copy of the transaction tells it.
    """
    known = questions.ask(_read_known, TRANSACTION, txid)
    receipt = receipt_of(questions, txid)
    if receipt is not None:
        return _mined(questions, receipt, tokens)
    slot = Slot.parse(spends) if spends else known and known.slot
    if slot and _count(questions, slot) > slot.nonce:
        return _once_used(questions, tokens, txid, slot)
    return TxStatus("mempool" if known else "missing")


def _once_used(questions: Questions, tokens: Mapping[str, str], txid: str, slot: Slot) -> TxStatus:
    """Tell who used the slot: perhaps this very transaction, mined just now, between two questions."""
    height = _used_at(questions, slot)
    receipt = receipt_of(questions, txid)
    if receipt is not None:
        return _mined(questions, receipt, tokens)
    if questions.ask(_read_block_of_mined, TRANSACTION, txid) is not None:
        raise ChainUnavailableError("The node has a mined transaction without a receipt.")
    if any(receipt_of(other, txid) for other in questions.others()):
        raise ChainUnavailableError(
            "Another provider has the transaction in a block: nobody can say who is right."
        )
    return TxStatus("impossible", height=height)


def _mined(questions: Questions, receipt: Receipt, tokens: Mapping[str, str]) -> TxStatus:
    return TxStatus(
        state="mined",
        height=receipt.height,
        block_hash=receipt.block_hash,
        ok=receipt.ok and _has_moved(questions, receipt, tokens),
        fee_units=receipt.fee_units,
    )


def _has_moved(questions: Questions, receipt: Receipt, tokens: Mapping[str, str]) -> bool:
    """Tell whether a token's transfer did move something: some contracts say false instead of reverting."""
    known = questions.ask(_read_known, TRANSACTION, receipt.txid)
    if known is None:
        raise ChainUnavailableError("The node has the receipt of a transaction that it does not have.")
    called = read_transfer_call(known.data) if known.to in tokens else None
    if called is None or not called[1]:
        return True
    wanted = (known.to, called[0].lower())
    return any(_moved_by(log) == wanted for log in receipt.logs)


def _moved_by(log: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the contract and the receiver of a log that is a Transfer of something."""
    try:
        read = logs.read_log(log)
    except (ValueError, KeyError):  # another event
        return None
    return (read.contract, read.to) if read.units else None


def _count(questions: Questions, slot: Slot) -> int:
    return questions.ask(answers.quantity, COUNT, slot.sender, LATEST)


def _used_at(questions: Questions, slot: Slot) -> int:
    """Return the block in which a used nonce was used, or the deepest that the node can still tell of."""
    newest = questions.ask(answers.quantity, "eth_blockNumber")
    if not _is_used_at(questions, slot, newest):
        raise ChainUnavailableError("The node is in two minds about a sender's nonce.")
    used, unused = _bounds(questions, slot, newest)
    while used - unused > 1:
        middle = (used + unused) // 2
        if _is_used_at(questions, slot, middle):
            used = middle
        else:
            unused = middle
    return used


def _bounds(questions: Questions, slot: Slot, newest: int) -> tuple[int, int]:
    """Return a block by which the nonce was used, and a lower one by which it was not; near ones come first."""
    used, step = newest, 1
    deepest = max(0, newest - _FURTHEST_BLOCKS)
    while used > deepest:
        below = max(deepest, newest - step)
        if not _is_used_at(questions, slot, below):
            return used, below
        used, step = below, 2 * step
    return used, used - 1


def _is_used_at(questions: Questions, slot: Slot, height: int) -> bool:
    """Tell whether the nonce was used at a height; no where the node has no state any more."""
    try:
        return questions.try_ask(answers.quantity, COUNT, slot.sender, hex(height)) > slot.nonce
    except NodeRefusalError:
        return False


def _read_known(answer: Any) -> _Known | None:
    if answer is None:
        return None
    transaction = answers.mapping(answer)
    to = transaction["to"]
    slot = Slot(answers.account(transaction["from"]), answers.quantity(transaction["nonce"]))
    return _Known(slot, None if to is None else answers.account(to), answers.data(transaction["input"]))


def _read_block_of_mined(answer: Any) -> str | None:
    return None if answer is None or answer["blockHash"] is None else answers.hash32(answer["blockHash"])
