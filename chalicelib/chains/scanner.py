"""The scanner, written once for all chains: reads new blocks, stores what is ours, then moves on.

A crash repeats work and never skips it: the cursor moves by a condition, only after what was seen is stored.
Before it moves on it walks back while the stored hash of a block is not the node's: a reorganisation. What it
reads then must follow, block upon block, the last one that was read.
"""

import logging
import uuid
from collections.abc import Iterable, Sequence

from pynamodb.expressions.update import Action

from chalicelib.chains import failed_ranges, reorganisations, sightings
from chalicelib.chains.adapter import ChainAdapter, ChainUnavailableError
from chalicelib.chains.records import BlockRecord, ChainCursor, ChainHeads, Sighted, short_hash
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, create, update

HASHES_KEPT = 56  # so the cursor, written three times each tick, fits one write unit
BLOCKS_IN_ONE_RANGE = 49  # with the block before them, as many as nodes are asked for at once
LEASE_SECONDS = 50
LOOK_BACK_BLOCKS = 120  # the deepest confirmation bound of the catalogue, with room

logger = logging.getLogger(__name__)


def tick(env: Environment, blockchain: str) -> bool:
    """Bring one chain up to its node's head; does nothing while another reader has the lease.

    Returns:
        Whether blocks came or went.

    Raises:
        ChainUnavailableError: the node does not answer, or is behind; nothing is skipped, the next tick goes on.
        ConflictError: this took so long that another reader has the lease by now.
    """
    adapter = env.chains[blockchain]
    cursor = _lease(env, blockchain, adapter)
    if cursor is None:
        return False
    try:
        with adapter.pinned():  # hashes and what lies in the blocks must come from one node
            return _read_on(env, blockchain, adapter, cursor)
    finally:
        _release(env, cursor)


def _read_on(env: Environment, blockchain: str, adapter: ChainAdapter, cursor: ChainCursor) -> bool:
    head = adapter.head()
    was_next = cursor.next_height
    lost = reorganisations.give_up(env, blockchain, adapter, cursor, head)
    is_reorganised = cursor.gave_up_from is not None
    read_before = cursor.next_height - 1
    seen: list[Sighted] = []
    while cursor.next_height <= head.height:
        last = min(head.height, cursor.next_height + BLOCKS_IN_ONE_RANGE - 1)
        try:
            hashes, sighted = _read_range(env, blockchain, cursor, last)
        except Exception:
            failed_ranges.note(env, blockchain, cursor.next_height, last)
            raise
        seen += sighted
        if cursor.gave_up_from is not None:
            sightings.look_again_from(env, blockchain, cursor.gave_up_from)
        _move(env, cursor, last, hashes, is_all=last == head.height)
    pool = sightings.store_mempool(env, blockchain)
    _note_head(env, blockchain, head.height)
    deep, left = _look_back(env, blockchain, cursor, read_before)
    told = [*lost, *left, *_once([*seen, *deep]), *pool]
    env.queues.report_deposits([{**sighted, "head": head.height} for sighted in told])
    return is_reorganised or cursor.next_height != was_next


def _read_range(
    env: Environment, blockchain: str, cursor: ChainCursor, last: int
) -> tuple[list[str | None], list[Sighted]]:
    """Read and store a range that follows what was read; return its blocks' hashes and what is ours in them."""
    adapter, first = env.chains[blockchain], cursor.next_height
    before = [first - 1] if cursor.hashes else []
    hashes = adapter.block_hashes(first - len(before), last)
    if before and short_hash(hashes.pop(0)) != cursor.hashes[-1]:
        raise ChainUnavailableError(f"The chain was reorganised below block {first} before that was read.")
    if None in hashes:
        raise ChainUnavailableError(f"The node lacks some of the blocks {first} to {last}.")
    seen = sightings.store_blocks(env, blockchain, first, last)
    if adapter.block_hash(last) != hashes[-1]:
        raise ChainUnavailableError("the chain was reorganised while it was read")
    return hashes, seen


def _look_back(
    env: Environment, blockchain: str, cursor: ChainCursor, read_before: int
) -> tuple[list[Sighted], list[Sighted]]:
    """Return what has become deep enough by the blocks just read, and what a failed tick stored in vain.

    Such a tick stored a block that went before the cursor could move past it: no walk back ever meets that one.
    """
    head = cursor.next_height - 1
    span = Record.sk.between(f"{max(0, read_before - LOOK_BACK_BLOCKS):012d}", f"{head:012d}~")
    grown: list[Sighted] = []
    left: list[Sighted] = []
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), span):
        if block.lost_at is not None:
            continue
        if cursor.remembers(block.height, block.block_hash) is False:
            left += sightings.give_up_block(env, block, reorganisations.fence(cursor))
            sightings.look_again_from(env, blockchain, block.height)
            continue
        grown += [one for one in block.sightings if _has_grown_deep(env, one, block.height, read_before, head)]
    return grown, left


def _has_grown_deep(env: Environment, sighted: Sighted, height: int, read_before: int, head: int) -> bool:
    wanted = env.catalogue.by_code(sighted["currency"]).confirmations
    return read_before < height + wanted - 1 <= head


def _once(sighted: Iterable[Sighted]) -> list[Sighted]:
    return list({(one["txid"], one["index"], one["block_hash"]): one for one in sighted}.values())


def _lease(env: Environment, blockchain: str, adapter: ChainAdapter) -> ChainCursor | None:
    now, key = int(env.clock.now() * 1000), keys.chain_cursor(blockchain)
    owner, until = uuid.uuid4().hex, now + LEASE_SECONDS * 1000
    cursor = env.store.get(ChainCursor, key)
    if cursor is None:
        cursor = _first_cursor(blockchain, adapter)
        cursor.lease_until, cursor.lease_owner = until, owner
        write = create(cursor)
    else:
        # Whoever had it in between has moved the cursor, perhaps there and back: it must be read again.
        is_free = (ChainCursor.lease_until <= now) & (ChainCursor.lease_owner == cursor.lease_owner)
        taken = [ChainCursor.lease_until.set(until), ChainCursor.lease_owner.set(owner)]
        write = update(key, taken, is_free)
        cursor.lease_until, cursor.lease_owner = until, owner
    try:
        env.store.commit(write)
    except ConflictError:
        return None
    return cursor


def _first_cursor(blockchain: str, adapter: ChainAdapter) -> ChainCursor:
    """Start at the head: no address of ours is older than the first look at the chain."""
    pk, sk = keys.chain_cursor(blockchain)
    head = adapter.head()
    return ChainCursor(pk=pk, sk=sk, next_height=head.height + 1, hashes=[short_hash(head.hash)])


def _move(env: Environment, cursor: ChainCursor, last: int, hashes: Sequence[str | None], *, is_all: bool) -> None:
    """Store how far all has been read; up to the head, a reorganisation is worked off."""
    cursor.hashes = [*cursor.hashes, *map(short_hash, hashes)][-HASHES_KEPT:]
    cursor.next_height = last + 1
    moved: list[Action] = [ChainCursor.next_height.set(last + 1), ChainCursor.hashes.set(cursor.hashes)]
    if is_all and cursor.gave_up_from is not None:
        moved.append(ChainCursor.gave_up_from.remove())
        cursor.gave_up_from = None
    env.store.commit(update(cursor.key, moved, ChainCursor.lease_owner == cursor.lease_owner))


def _release(env: Environment, cursor: ChainCursor) -> None:
    released = update(cursor.key, [ChainCursor.lease_until.set(0)], ChainCursor.lease_owner == cursor.lease_owner)
    try:
        env.store.commit(released)
    except ConflictError:
        logger.warning("the lease of %s ran out while its blocks were read", cursor.pk)


def _note_head(env: Environment, blockchain: str, height: int) -> None:
    env.store.commit(update(keys.chain_heads(), [getattr(ChainHeads, blockchain).set(height)]))
