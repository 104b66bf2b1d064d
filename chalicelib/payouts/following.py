"""Following what is signed: sent until a node has it, dearer when it is stuck, settled or released in the end."""

import logging
from collections.abc import Sequence

from chalicelib.chains.adapter import TransactionRefusedError, TxStatus
from chalicelib.payouts import pushing, rules, signing
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.rules import Followed, Next
from chalicelib.withdrawals import bookings, changes, lifecycle, releases
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import Attempt, WithdrawalRecord, stored_attempt

ROUNDS = 12  # of one turn: from signed to settled in one go takes five
ENDS = frozenset({Next.SETTLE, Next.FAIL_REVERTED, Next.FAIL_IMPOSSIBLE})

REVERTED = "The chain mined the payout and reverted it."
IMPOSSIBLE = "The payout can never be mined: its place on the chain was spent by another transaction."

logger = logging.getLogger(__name__)


def follow(wallet: Wallet, record: WithdrawalRecord) -> None:
    """Do for a signed withdrawal all that can be done now.

    Args:
        wallet: its hot wallet.
        record: the withdrawal as read.

    Raises:
        ChainUnavailableError: the node does not answer; nothing is lost, the next turn goes on.
        ConflictError: another worker dealt with it meanwhile.
    """
    was_sent = False
    for _ in range(ROUNDS):
        if lifecycle.is_final(record.status) or _is_resting(wallet, record):
            return
        step, seen = _look(wallet, record, was_sent=was_sent)
        if step in ENDS:
            continue
        if step is Next.WAIT:
            if not _bump_if_stuck(wallet, record, seen):
                return
            was_sent = False
        elif step is Next.SEND:
            send(wallet, record, seen)
            was_sent = True
        elif step is Next.SIGN_ANEW and record.is_internal:
            _take(wallet, record, Next.FAIL_IMPOSSIBLE, seen)  # a new move is made of what lies there then
        elif step is Next.SIGN_ANEW:
            if not _sign_anew(wallet, record):
                return
            was_sent = False
        else:
            _take(wallet, record, step, seen)


def _look(wallet: Wallet, record: WithdrawalRecord, *, was_sent: bool) -> tuple[Next, list[TxStatus]]:
    """Decide what is next; an end is taken at once, on the word of one provider that all of it was asked of."""
    with wallet.adapter.pinned():
        seen = wallet.seen(record)
        step = rules.next_step(_known(wallet, record), seen, wallet.head.height, was_sent=was_sent)
        if step in ENDS:
            head = wallet.adapter.head()  # who told the block must have come so far as well
            step = rules.next_step(_known(wallet, record), seen, head.height, was_sent=was_sent)
        if step in ENDS:
            _take(wallet, record, step, seen)
    return step, seen


def send(wallet: Wallet, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> None:
    """Hand the stored bytes to the node, oldest first; what it answers decides nothing."""
    for attempt, status in zip(record.attempts, seen, strict=True):
        if status.state in {"mempool", "impossible"}:
            continue
        try:
            wallet.adapter.broadcast(wallet.raw(record, attempt))
        except TransactionRefusedError as error:
            logger.info("a node says no to %s of withdrawal %s: %s", attempt.txid, record.sk, error)


def _is_resting(wallet: Wallet, record: WithdrawalRecord) -> bool:
    """Whether it lies in its block still, not deep enough: nothing to do, and no question but for that block.

    Nor is anything done on the word of a node that has not come as far as that block.
    """
    if record.height is None or record.status != Status.SUBMITTED:
        return False
    if rules.is_deep(record.height, wallet.head.height, wallet.confirmations(record)):
        return False
    return wallet.block_hash(record.height) in (record.block_hash, None)  # None: a node that is behind


def _known(wallet: Wallet, record: WithdrawalRecord) -> Followed:
    return Followed(
        is_submitted=record.status == Status.SUBMITTED,
        mined=record.mined,
        height=record.height,
        block_hash=record.block_hash,
        confirmations=wallet.confirmations(record),
        is_expiring=wallet.adapter.slot_kind == "expiry",
    )


def _take(wallet: Wallet, record: WithdrawalRecord, step: Next, seen: Sequence[TxStatus]) -> None:
    """Store one step, told where the merchant is to know it."""
    env, mined = wallet.env, rules.mined_place(seen)
    at = int(env.clock.now() * 1000)
    if step in ENDS:
        if mined is not None:
            _witness(wallet, seen[mined])
            _note_gas(wallet, record, seen[mined].fee_units)
        status = Status.COMPLETED if step is Next.SETTLE else Status.FAILED
        reason = {Next.FAIL_REVERTED: REVERTED, Next.FAIL_IMPOSSIBLE: IMPOSSIBLE}.get(step)
        change = lifecycle.change(record.status, record.version, status, at, reason)
        is_released = status is Status.FAILED and not record.is_internal
        released = releases.writes(env, record) if is_released else []
        changes.end(env, record, change, *released, height=wallet.head.height)
        return
    note_block(record, mined, seen)
    if step is Next.FORGET or record.status == Status.SUBMITTED:
        env.store.commit(changes.noted(env, record))
        return
    change = lifecycle.change(record.status, record.version, Status.SUBMITTED, at)
    env.store.commit(changes.stepped(env, record, change, wallet.head.height))
    changes.wake(env, record)


def note_block(record: WithdrawalRecord, mined: int | None, seen: Sequence[TxStatus]) -> None:
    """Note in which block which attempt lies, or that none lies in any."""
    record.mined = mined
    record.height = None if mined is None else seen[mined].height
    record.block_hash = None if mined is None else seen[mined].block_hash


def _witness(wallet: Wallet, seen: TxStatus) -> None:
    """Settle and release on the word of every provider that can be asked, not of one."""
    if seen.height is not None and seen.block_hash is not None:
        wallet.adapter.witness(seen.height, seen.block_hash)


def _note_gas(wallet: Wallet, record: WithdrawalRecord, fee_units: int | None) -> None:
    """Note what the chain took: the platform's cost, booked with the end of the withdrawal."""
    if record.is_batched:
        fee_units = pushing.share(wallet, record, fee_units)
    if fee_units:
        record.gas = [bookings.gas_code(wallet.env.catalogue, wallet.blockchain), fee_units]


def _sign_anew(wallet: Wallet, record: WithdrawalRecord) -> bool:
    """Sign a payout whose bytes have expired for good: none of them can be mined. Tells whether it did."""
    assert record.slot is not None, "what is signed has its slot"
    fee_units = wallet.adapter.estimate(wallet.payout(record)).units
    if signing.is_held_up(wallet, record, fee_units):
        return False
    _append(wallet, record, wallet.sign(record, record.slot, fee_units))
    return True


def _bump_if_stuck(wallet: Wallet, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> bool:
    """Sign the same payment for the same slot at a higher fee, and store it; tells whether it did.

    Only what waits for a block can be stuck: in a mempool, or in none because the chain asks for more by now.
    """
    env, newest = wallet.env, record.attempts[-1]
    states = {one.state for one in seen}
    if wallet.adapter.slot_kind == "expiry" or not states <= {"mempool", "missing"}:
        return False  # what expires is signed anew once it has
    if record.is_batched:
        return pushing.push(wallet, record, seen)
    if not rules.is_stuck(newest.signed_at, int(env.clock.now() * 1000)):
        return False
    payout = wallet.payout(record)
    most_units = rules.DEAR * wallet.usual_fee_units(payout.token)  # a receiver may make itself dear on purpose
    estimated_units = min(wallet.adapter.estimate(payout).units, most_units)
    if "mempool" not in states and estimated_units <= newest.fee_units:
        wallet.alarm(f"no node takes {newest.txid}")
        return False
    fee_units = rules.bumped_fee_units(newest.fee_units, estimated_units, len(record.attempts))
    if fee_units is None:
        wallet.alarm(f"{newest.txid} is not mined, whatever it offers")
        return False
    _append(wallet, record, wallet.sign_dearer(newest, fee_units))
    return True


def _append(wallet: Wallet, record: WithdrawalRecord, attempt: Attempt) -> None:
    """Store another attempt before it is sent: what may be mined is known to us."""
    record.signed = [*(record.signed or []), stored_attempt(attempt)]
    wallet.env.store.commit(changes.noted(wallet.env, record))
