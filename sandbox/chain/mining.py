"""Making blocks and replacing them: the rules by which money moves on the simulated chains."""

from collections.abc import Callable, Iterable, Sequence

from chalicelib.chains.networks import NATIVE_TOKEN_OF
from sandbox.chain.chain_state import ChainState
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.chain.hashing import chain_hash
from sandbox.chain.store import DROPPED, IN, MEMPOOL, MINED, OUT, StoredTransaction

Judge = Callable[[StoredTransaction], bool]


def mine(seed: int, chain: ChainState) -> int:
    """Put what waits in the mempool into one new block and return its height."""
    height, payouts = chain.height + 1, chain.payouts
    mined = _mine_in_turn(
        chain,
        chain.mempool(),
        height,
        is_ready=lambda one: _can_be_mined(chain, one, payouts),
        wanted_ok=lambda one: one.sender is None or payouts != "revert",
    )
    _seal(seed, chain, height, mined)
    chain.set_chain("height", height)
    return height


def reorganise(seed: int, chain: ChainState, depth: int, dropped: set[str]) -> None:
    """Replace the last ``depth`` blocks by new ones without the dropped transactions, the others in order.

    Raises:
        ChainRequestError: the depth does not fit, or a dropped transaction is not in these blocks or waiting.
        UnknownTransactionError: a dropped transaction was never seen.
    """
    height = chain.height
    if not 1 <= depth <= height:
        raise ChainRequestError(f"The depth must be 1 to {height}: only the first block cannot be replaced.")
    heights = range(height - depth + 1, height + 1)
    for txid in dropped:
        _check_droppable(chain, txid, heights)
    blocks = {each: chain.mined_in(each) for each in heights}
    for transaction in [transaction for each in reversed(heights) for transaction in reversed(blocks[each])]:
        _book(chain, transaction, sign=-1)
    for transaction in [transaction for each in heights for transaction in blocks[each]]:
        chain.move(transaction.txid, DROPPED)
    for txid in dropped:
        chain.move(txid, DROPPED)
    for each in heights:
        kept = [transaction for transaction in blocks[each] if transaction.txid not in dropped]
        mined = _mine_in_turn(
            chain,
            kept,
            each,
            is_ready=lambda one: _is_next_of_its_sender(chain, one),
            wanted_ok=lambda one: one.ok,
        )
        for transaction in kept:
            if transaction.txid not in mined:  # what it followed is gone: it waits for that to come back
                chain.arrive_again(transaction.txid, is_bumped=transaction.is_bumped)
        _seal(seed, chain, each, mined)


def _mine_in_turn(
    chain: ChainState, waiting: Sequence[StoredTransaction], height: int, *, is_ready: Judge, wanted_ok: Judge
) -> list[str]:
    """Mine what is ready, in its order; a mined one may make way for the next. Returns their ids."""
    mined: dict[str, None] = {}
    before = -1
    while before < len(mined):
        before = len(mined)
        for transaction in waiting:
            if transaction.txid not in mined and is_ready(transaction):
                _apply(chain, transaction, height, wanted_ok=wanted_ok(transaction))
                mined[transaction.txid] = None
    return list(mined)


def _check_droppable(chain: ChainState, txid: str, heights: range) -> None:
    transaction = chain.transaction(txid)
    if transaction is None:
        raise UnknownTransactionError(txid)
    if transaction.state != MEMPOOL and transaction.height not in heights:
        raise ChainRequestError(f"The transaction {txid} is in none of the blocks that this replaces.")


def _can_be_mined(chain: ChainState, transaction: StoredTransaction, payouts: str) -> bool:
    """Payouts wait for their turn, while they are stuck at their fee (unless raised), and for their fee's coin."""
    if transaction.sender is None:
        return True
    if not _is_next_of_its_sender(chain, transaction):
        return False
    if payouts == "stuck" and not transaction.is_bumped:
        return False
    return chain.balance(transaction.sender, NATIVE_TOKEN_OF[chain.blockchain]) >= transaction.fee_units


def _is_next_of_its_sender(chain: ChainState, transaction: StoredTransaction) -> bool:
    """Tell whether all earlier sequence numbers of a payout's sender are mined, as accounts with nonces demand."""
    if transaction.sender is None:
        return True
    sequence = int(transaction.slot.rpartition("#")[2])
    earlier = chain.spending(f"{transaction.sender}#{sequence - 1}") if sequence else []
    return not sequence or any(rival.state == MINED for rival in earlier)


def _apply(chain: ChainState, transaction: StoredTransaction, height: int, *, wanted_ok: bool) -> None:
    """Mine a transaction; one whose sender lacks the coin is mined too, but reverted, as on EVM chains."""
    ok = wanted_ok and _is_funded(chain, transaction)
    chain.move(transaction.txid, MINED, height, ok=ok)
    applied = chain.transaction(transaction.txid)
    assert applied is not None  # it was moved a line ago
    _book(chain, applied, sign=1)


def _is_funded(chain: ChainState, transaction: StoredTransaction) -> bool:
    needed: dict[tuple[str, str], int] = {}
    if transaction.sender is not None:
        needed[transaction.sender, NATIVE_TOKEN_OF[chain.blockchain]] = transaction.fee_units
    for leg in chain.legs(transaction.txid):
        if leg.direction == OUT:
            needed[leg.address, leg.token] = needed.get((leg.address, leg.token), 0) + leg.units
    return all(chain.balance(address, token) >= units for (address, token), units in needed.items())


def _book(chain: ChainState, transaction: StoredTransaction, *, sign: int) -> None:
    """Book a mined transaction, or (sign -1) take it back. A reverted one has cost its fee all the same."""
    if transaction.sender is not None:
        chain.book(transaction.sender, NATIVE_TOKEN_OF[chain.blockchain], -sign * transaction.fee_units)
    if not transaction.ok:
        return
    for leg in chain.legs(transaction.txid):
        direction = 1 if leg.direction == IN else -1
        chain.book(leg.address, leg.token, sign * direction * leg.units)


def _seal(seed: int, chain: ChainState, height: int, txids: Iterable[str]) -> None:
    """Give the block its hash; the count makes it new even when a reorganisation keeps every transaction."""
    parent = chain.block_hash(height - 1)
    count = chain.next_count()
    chain.set_block(height, chain_hash(seed, chain.blockchain, "block", height, parent, count, *txids))
