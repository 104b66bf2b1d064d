"""What enters the mempool, and what pushes what out of it: transfers, payouts, replacements, double spends."""

from dataclasses import replace

from chalicelib.chains.addresses import validate
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.sim.transaction import SimTransaction, read, txid_of
from sandbox.chain.chain_state import ChainState
from sandbox.chain.errors import BroadcastRefusedError, ChainRequestError, UnknownTransactionError
from sandbox.chain.hashing import chain_hash, strangers_address
from sandbox.chain.networks import fee_units
from sandbox.chain.store import (
    DOUBLESPENT,
    DROPPED,
    IN,
    MEMPOOL,
    MINED,
    OUT,
    REPLACED,
    Leg,
    StoredTransaction,
)

# Nodes take a replacement only for a higher fee; 12.5 % is what Ethereum's and Arbitrum's nodes commonly ask.
REPLACEMENT_NUMERATOR, REPLACEMENT_DENOMINATOR = 9, 8


def pay(seed: int, chain: ChainState, outputs: list[tuple[str, str, int]]) -> str:
    """Let the faucet pay several (address, token, units) in one transaction; returns its id."""
    if not outputs or any(units < 0 for _, _, units in outputs):
        raise ChainRequestError("A transfer has at least one output, and no negative amount.")
    legs = [
        Leg(IN, index, validate(to, FAMILY_OF[chain.blockchain]).address, token.upper(), units)
        for index, (to, token, units) in enumerate(outputs)
    ]
    count = chain.next_count()
    txid = chain_hash(seed, chain.blockchain, "transfer", count, *outputs)
    chain.add(_waiting(txid, slot=f"faucet#{count}", sender=None, fee=0), legs)
    return txid


def double_spend(seed: int, chain: ChainState, txid: str) -> str:
    """Replace a transaction that is in no block by one that pays a stranger; returns the new one's id."""
    victim = chain.transaction(txid)
    if victim is None:
        raise UnknownTransactionError(txid)
    if victim.state == MINED:
        raise ChainRequestError(f"The transaction {txid} is in block {victim.height}: reorganise that away first.")
    if any(rival.state in (MINED, DOUBLESPENT) for rival in chain.spending(victim.slot)):
        raise ChainRequestError(f"What the transaction {txid} spends is spent already.")
    stranger = strangers_address(seed, chain.blockchain, txid)
    legs = [replace(leg, address=stranger) if leg.direction == IN else leg for leg in chain.legs(txid)]
    for rival in chain.spending(victim.slot):
        chain.move(rival.txid, DOUBLESPENT)
    new_txid = chain_hash(seed, chain.blockchain, "double spend", txid, chain.next_count())
    chain.add(_waiting(new_txid, victim.slot, victim.sender, victim.fee_units, is_bumped=True), legs)
    return new_txid


def return_dropped(chain: ChainState, txid: str) -> None:
    """Broadcast a stranger's dropped transaction again, the same bytes with the same id."""
    dropped = chain.transaction(txid)
    if dropped is None:
        raise UnknownTransactionError(txid)
    if dropped.state != DROPPED or dropped.sender is not None:
        raise ChainRequestError(f"The transaction {txid} is no dropped transfer.")
    chain.arrive_again(txid, is_bumped=False)


def accept(chain: ChainState, raw: bytes) -> str:
    """Take a payout's bytes; bytes already waiting or mined are known and change nothing. Returns the id.

    Raises:
        InvalidTransactionError: malformed, or not signed by its sender.
        BroadcastRefusedError: another chain's, a used slot, too low a fee, too little coin.
    """
    transaction = read(raw)
    if transaction.blockchain != chain.blockchain:
        raise BroadcastRefusedError(f"The transaction is for {transaction.blockchain}.")
    txid = txid_of(chain.blockchain, raw)
    known = chain.transaction(txid)
    if known is None or known.state not in (MEMPOOL, MINED):
        _take_slot(chain, transaction, txid, known)
    return txid


def _take_slot(chain: ChainState, transaction: SimTransaction, txid: str, known: StoredTransaction | None) -> None:
    slot = f"{transaction.sender}#{transaction.sequence}"
    _check_slot(chain, slot)
    _check_coin(chain, transaction)
    replaced = _push_out(chain, slot, transaction.fee_units)
    if known is not None:
        chain.arrive_again(txid, is_bumped=known.is_bumped or replaced)
        return
    to = validate(transaction.to, FAMILY_OF[chain.blockchain]).address
    legs = [
        Leg(IN, 0, to, transaction.token, transaction.units),
        Leg(OUT, 0, transaction.sender, transaction.token, transaction.units),
    ]
    chain.add(_waiting(txid, slot, transaction.sender, transaction.fee_units, is_bumped=replaced), legs)


def _check_slot(chain: ChainState, slot: str) -> None:
    if any(rival.state in (MINED, DOUBLESPENT) for rival in chain.spending(slot)):
        raise BroadcastRefusedError(f"The slot {slot} is used already.")


def _check_coin(chain: ChainState, transaction: SimTransaction) -> None:
    if transaction.fee_units < fee_units(chain.blockchain, transaction.token):
        raise BroadcastRefusedError("The fee is below what the chain takes.")
    native = NATIVE_TOKEN_OF[chain.blockchain]
    needed = {native: transaction.fee_units}
    needed[transaction.token] = needed.get(transaction.token, 0) + transaction.units
    for token, units in needed.items():
        if chain.balance(transaction.sender, token) < units:
            raise BroadcastRefusedError(f"The sender has too little {token}.")


def _push_out(chain: ChainState, slot: str, new_fee_units: int) -> bool:
    """Make room in a slot for a better-paying transaction; tells whether one had to leave."""
    waiting = [rival for rival in chain.spending(slot) if rival.state == MEMPOOL]
    for rival in waiting:
        if new_fee_units * REPLACEMENT_DENOMINATOR < rival.fee_units * REPLACEMENT_NUMERATOR:
            raise BroadcastRefusedError("A replacement must pay at least 12.5 % more.")
        chain.move(rival.txid, REPLACED)
    return bool(waiting)


def _waiting(txid: str, slot: str, sender: str | None, fee: int, *, is_bumped: bool = False) -> StoredTransaction:
    return StoredTransaction(txid, MEMPOOL, slot, sender, fee, is_bumped, height=None, ok=True)
