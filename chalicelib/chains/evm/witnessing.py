"""A second provider's word on a block, and on a transfer in it, before money moves on either.

That a block is the chain's says nothing of what a provider tells to lie in it: its hash proves no receipt.
"""

from collections.abc import Mapping

from chalicelib.chains.adapter import ChainUnavailableError, Transfer
from chalicelib.chains.evm import blocks, logs
from chalicelib.chains.evm.questions import Questions, read_answer
from chalicelib.chains.evm.receipts import RECEIPT, Receipt, receipt_of
from chalicelib.chains.evm.scanning import COIN_INDEX
from chalicelib.chains.evm.standing import TRANSACTION

_Moved = tuple[str | None, str, int]
"""A contract, None for native coin, a receiver, both in lower case, and units."""


def confirm(
    other: Questions, contracts: Mapping[str, str], height: int, block_hash: str, transfer: Transfer | None
) -> None:
    """Have a provider confirm a block, and a transfer in it, if it has come so far.

    Args:
        other: the provider.
        contracts: each token's symbol to its contract.
        height: the block's.
        block_hash: the block's.
        transfer: what is said to lie in it.

    Raises:
        ChainUnavailableError: it has another block there, or not this transfer, or does not say.
    """
    block = blocks.header_at(other, height)
    if block is None:
        return
    if block.hash != block_hash:
        raise ChainUnavailableError(f"Providers disagree about block {height}.")
    if transfer is None:
        return
    receipt = receipt_of(other, transfer.txid)
    contract = contracts.get(transfer.token)
    wanted = contract and contract.lower(), transfer.to.lower(), transfer.units
    is_there = receipt is not None and receipt.ok and receipt.block_hash == block_hash
    if receipt is None or not is_there or _moved(other, receipt, transfer.index) != wanted:
        raise ChainUnavailableError(f"Providers disagree about a transfer in block {height}.")


def _moved(other: Questions, receipt: Receipt, index: int) -> _Moved | None:
    """Return what a transaction moved: its own coin, or what its log of that position tells."""
    if index == COIN_INDEX:
        coin = other.ask(blocks.read_payment, TRANSACTION, receipt.txid)
        return None, coin.to, coin.units
    if index > len(receipt.logs):
        return None
    log = read_answer(logs.read_log, receipt.logs[index - 1], RECEIPT)
    return log.contract, log.to, log.units
