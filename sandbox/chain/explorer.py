"""What the node tells of a chain: blocks' transfers, a transaction's state, an address's history."""

from dataclasses import dataclass

from chalicelib.chains.adapter import Head, Transfer, TxStatus
from sandbox.chain.chain_state import ChainState
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.chain.networks import FINAL_DEPTH
from sandbox.chain.store import DOUBLESPENT, IN, MEMPOOL, MINED, Leg, StoredTransaction


@dataclass(frozen=True, slots=True)
class TransactionView:
    """A transaction as an explorer shows it; ``height`` is None and ``confirmations`` 0 in the mempool."""

    txid: str
    height: int | None
    confirmations: int
    ok: bool
    outputs: list[Leg]


@dataclass(frozen=True, slots=True)
class TransferView:
    """Money that came ``in`` to an address or went ``out`` of it."""

    txid: str
    direction: str
    token: str
    units: int
    height: int | None
    confirmations: int


def head(chain: ChainState) -> Head:
    """Return the newest block and the height that the chain calls final."""
    height = chain.height
    block_hash = chain.block_hash(height)
    assert block_hash is not None  # a chain's height names a block of it
    return Head(height, block_hash, max(0, height - FINAL_DEPTH))


def transfers(chain: ChainState, first: int, last: int) -> list[Transfer]:
    """Return every output of a range of blocks, in the chain's order."""
    if not 0 <= first <= last <= chain.height:
        raise ChainRequestError(f"The blocks {first} to {last} are not all there.")
    return [
        transfer
        for height in range(first, last + 1)
        for transaction in chain.mined_in(height)
        for transfer in _outputs(chain, transaction, chain.block_hash(height))
    ]


def waiting_transfers(chain: ChainState) -> list[Transfer]:
    """Return every output that is in no block yet."""
    return [transfer for each in chain.mempool() for transfer in _outputs(chain, each, None)]


def status(chain: ChainState, txid: str, spends: str | None = None) -> TxStatus:
    """Return where a transaction stands; impossible when what it spends is spent by another.

    Of one that it never saw it can say so when it is told what that one ``spends``: ``sender:sequence``.
    """
    transaction = chain.transaction(txid)
    if transaction is None:
        rivals = chain.spending(spends.replace(":", "#")) if spends else []
        mined = [rival.height for rival in rivals if rival.state == MINED]
        return TxStatus("impossible", mined[0]) if mined else TxStatus("missing")
    if transaction.state == MINED:
        assert transaction.height is not None  # a mined transaction is in a block
        block_hash = chain.block_hash(transaction.height)
        return TxStatus("mined", transaction.height, block_hash, transaction.ok, transaction.fee_units)
    if transaction.state == MEMPOOL:
        return TxStatus("mempool")
    spent_in = [rival.height for rival in chain.spending(transaction.slot) if rival.state == MINED]
    if spent_in or transaction.state == DOUBLESPENT:
        return TxStatus("impossible", spent_in[0] if spent_in else None)
    return TxStatus("missing")


def transaction(chain: ChainState, txid: str) -> TransactionView:
    """Return a transaction that chain or mempool has."""
    found = chain.transaction(txid)
    if found is None or found.state not in (MINED, MEMPOOL):
        raise UnknownTransactionError(txid)
    outputs = [leg for leg in chain.legs(txid) if leg.direction == IN]
    return TransactionView(txid, found.height, _confirmations(chain, found), found.ok, outputs)


def address_transfers(chain: ChainState, address: str) -> list[TransferView]:
    """Return what moved to and from an address; what was reverted, dropped or replaced moved nothing."""
    views = []
    for txid, leg in chain.legs_of_address(address):
        found = chain.transaction(txid)
        if found is not None and found.state in (MINED, MEMPOOL) and found.ok:
            confirmations = _confirmations(chain, found)
            views.append(TransferView(txid, leg.direction, leg.token, leg.units, found.height, confirmations))
    return views


def _confirmations(chain: ChainState, found: StoredTransaction) -> int:
    return 0 if found.height is None else chain.height - found.height + 1


def _outputs(chain: ChainState, found: StoredTransaction, block_hash: str | None) -> list[Transfer]:
    return [
        Transfer(found.txid, leg.index, found.height, block_hash, leg.token, leg.address, leg.units, found.ok)
        for leg in chain.legs(found.txid)
        if leg.direction == IN
    ]
