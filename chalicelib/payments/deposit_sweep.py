"""The sweep of deposits: tells again of what a lost message left behind, until all of it is done and told.

The scanner's block records are the list of what is to be done; a cursor for each chain says below which height
everything is.
"""

from contextlib import suppress

from chalicelib.chains.records import BlockRecord, ChainHeads, DepositSweepCursor, MempoolRecord, Sighted
from chalicelib.environment import Environment
from chalicelib.payments import bookings
from chalicelib.payments.deposit_work import is_deep, sighting_of
from chalicelib.payments.deposits import DepositState
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.steps import subject, tellings_of
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, update
from chalicelib.webhooks.reminding import PATIENCE_SECONDS, is_told


def sweep(env: Environment) -> None:
    """Look after the deposits of every chain."""
    heads = env.store.get(ChainHeads, keys.chain_heads())
    for blockchain in sorted(env.chains):
        _sweep_chain(env, blockchain, heads.height_of(blockchain) if heads else 0)


def _sweep_chain(env: Environment, blockchain: str, head: int) -> None:
    cursor_key = keys.sweep(f"deposits#{blockchain}")
    cursor = env.store.get(DepositSweepCursor, cursor_key)
    done_below = from_height = cursor.from_height if cursor else 0
    again: list[Sighted] = []
    open_heights: list[int] = []
    open_from = Record.sk >= f"{from_height:012d}"
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), open_from):
        undone = _undone(env, block, head)
        again += undone
        if undone or not _is_old(env, block.seen_at):
            open_heights.append(block.height)
        done_below = block.height + 1
    done_below = min([done_below, *open_heights])  # a reorganisation leaves several blocks at one height
    pool = env.store.query_all(MempoolRecord, keys.mempool(blockchain))
    for record in pool:
        if _is_old(env, record.seen_at):
            _look_after_telling(env, record.sighting)
            again.append(record.sighting)
    if again:
        env.queues.report_deposits([{**sighted, "head": head} for sighted in again if sighted.get("again", True)])
    if done_below != from_height:
        count = DepositSweepCursor.reorganisations
        seen = cursor.reorganisations if cursor else 0
        unchanged = (count == seen) if seen else count.does_not_exist()
        with suppress(ConflictError):  # a reorganisation lowered it meanwhile
            moved = [DepositSweepCursor.from_height.set(done_below)]
            env.store.commit(update(cursor_key, moved, unchanged))


def _undone(env: Environment, block: BlockRecord, head: int) -> list[Sighted]:
    """Return a block's sightings that are not done: to be told again, or (``again`` false) only waited for."""
    named = {keys.payment(one["tenant_id"], one["payment_id"]) for one in block.sightings}
    payments = env.store.get_many(PaymentRecord, list(named))
    undone: list[Sighted] = []
    for sighted in block.sightings:
        record = payments.get(keys.payment(sighted["tenant_id"], sighted["payment_id"]))
        if record is None:
            continue
        again = _must_be_told_again(env, block, record, sighted, head)
        is_told = _is_told(env, sighted["tenant_id"], record)
        if again is not None:
            flags: Sighted = {"again": again and _is_old(env, block.seen_at)}
            if not block.lost_at and _is_lost_in(env, block, record, sighted):
                # It was taken back after the block had come back: seen then, it is no news; seen now, it is.
                flags["seen_at"] = int(env.clock.now() * 1000)
            undone.append({**sighted, **flags} | ({"lost": True} if block.lost_at else {}))
        elif not is_told:
            undone.append({**sighted, "again": False})
    return undone


def _must_be_told_again(
    env: Environment, block: BlockRecord, record: PaymentRecord, sighted: Sighted, head: int
) -> bool | None:
    """Say whether a deposit needs its worker (True), waits for blocks (False), or is done with (None)."""
    state = record.state(env.catalogue.by_code(record.currency).decimals)
    sighting = sighting_of(env, sighted)
    deposit = state.deposit(sighting.deposit_id) or bookings.known_deposit(env, record, state, sighting)
    if block.lost_at:
        is_still_there = deposit is not None and not deposit.is_lost and deposit.block_hash == block.block_hash
        return True if is_still_there else None
    if deposit is None or deposit.is_lost:
        # A payment passes over nothing that is in a block: it was not taken in yet, or not again.
        return True
    if deposit.state is DepositState.SEEN:
        return deposit.height is None or is_deep(env, deposit, head)
    return None


def _is_lost_in(env: Environment, block: BlockRecord, record: PaymentRecord, sighted: Sighted) -> bool:
    """Say whether a deposit was taken back out of the very block that is stored as the chain's."""
    state = record.state(env.catalogue.by_code(record.currency).decimals)
    sighting = sighting_of(env, sighted)
    deposit = state.deposit(sighting.deposit_id) or bookings.known_deposit(env, record, state, sighting)
    return deposit is not None and deposit.is_lost and deposit.block_hash == block.block_hash


def _is_told(env: Environment, tenant_id: str, record: PaymentRecord) -> bool:
    """Whether all that the payment has to tell has been numbered and sent once; if not, someone is woken."""
    return is_told(env, tenant_id, subject(record.sk), list(tellings_of(env, tenant_id, record)))


def _look_after_telling(env: Environment, sighted: Sighted) -> None:
    record = env.store.get(PaymentRecord, keys.payment(sighted["tenant_id"], sighted["payment_id"]))
    if record is not None:
        _is_told(env, sighted["tenant_id"], record)


def _is_old(env: Environment, seen_at: int) -> bool:
    return env.clock.now() - seen_at >= PATIENCE_SECONDS
