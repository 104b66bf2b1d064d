"""What the chain must show before money moves for a deposit, and what other providers must confirm of it.

All of it is asked of one provider: the caller has it pinned, so that the witnesses are others.
"""

import logging

from chalicelib.chains.adapter import ChainAdapter, Transfer, TxStatus
from chalicelib.environment import Environment
from chalicelib.payments.deposits import Deposit
from chalicelib.payments.records import PaymentRecord

logger = logging.getLogger(__name__)


def witness(adapter: ChainAdapter, found: TxStatus, transfer: Transfer | None = None) -> None:
    """Have the other providers confirm the block in which a transaction is said to be mined.

    Args:
        adapter: the chain.
        found: the transaction's place.
        transfer: what is said to lie there, to be confirmed as well.

    Raises:
        ChainUnavailableError: one of them says otherwise.
    """
    assert found.height is not None, "what is mined has its block"
    assert found.block_hash is not None
    adapter.witness(found.height, found.block_hash, transfer)


def transfer_of(env: Environment, record: PaymentRecord, deposit: Deposit) -> Transfer:
    """Return a deposit as the transfer that a scan told of: amount and receiver are that one provider's word."""
    return Transfer(
        txid=deposit.txid,
        index=deposit.index,
        height=deposit.height,
        block_hash=deposit.block_hash,
        token=env.catalogue.by_code(deposit.currency).token,
        to=record.address,
        units=deposit.units,
        ok=True,
    )


def is_replaced(adapter: ChainAdapter, deposit: Deposit) -> bool:
    """Say whether the chain has, witnessed, another block in the place of a deposit's.

    That a node misses a transaction proves nothing: it may be behind. The sweep tells of the deposit again.

    Raises:
        ChainUnavailableError: another provider does not have that other block.
    """
    if deposit.height is None:
        return True  # it was in none
    there = adapter.block_hash(deposit.height)
    if there is None or there == deposit.block_hash:
        logger.info("block %d of %s, where a deposit was, is not replaced", deposit.height, deposit.blockchain)
        return False
    adapter.witness(deposit.height, there)
    return True
