"""The scanner, written once for all chains: reads new blocks, stores what is ours, then moves on.

A crash repeats work and never skips it: the cursor moves by a condition, only after what was seen is stored.
Before it moves on it walks back while the stored hash of a block is not the node's: a reorganisation.
"""

import logging
import uuid
from collections.abc import Iterable, Sequence

from chalicelib.chains import failed_ranges, sightings
from chalicelib.chains.adapter import ChainAdapter, ChainUnavailableError
from chalicelib.chains.records import BlockRecord, ChainCursor, ChainHeads, Sighted, short_hash
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, create, update

HASHES_KEPT = 56  # so the cursor, written three times each tick, fits one write unit
BLOCKS_IN_ONE_RANGE = 50
LEASE_SECONDS = 50
LOOK_BACK_BLOCKS = 120  # the deepest confirmation bound of the catalogue, with room

logger = logging.getLogger(__name__)


def tick(env: Environment, blockchain: str) -> bool:
    """Bring one chain up to its node's head; does nothing while another reader has the lease.

    Returns:
        Whether blocks came or went.

    Raises:
        ChainUnavailableError: the node does not answer; nothing is skipped, the next tick goes on.
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
    lost = _walk_back(env, blockchain, adapter, cursor)
    is_reorganised = cursor.next_height < was_next
    read_before = cursor.next_height - 1
    seen: list[Sighted] = []
    while cursor.next_height <= head.height:
        last = min(head.height, cursor.next_height + BLOCKS_IN_ONE_RANGE - 1)
        try:
            hashes, sighted = _read_range(env, blockchain, cursor.next_height, last)
        except Exception:
            failed_ranges.note(env, blockchain, cursor.next_height, last)
            raise
        seen += sighted
        if is_reorganised:
            sightings.look_again_from(env, blockchain, read_before + 1)
        _move(env, cursor, last, hashes)
    pool = sightings.store_mempool(env, blockchain)
    _note_head(env, blockchain, head.height)
    deep = _grown_deep(env, blockchain, read_before, head.height)
    told = [*lost, *_once([*seen, *deep]), *pool]
    env.queues.report_deposits([{**sighted, "head": head.height} for sighted in told])
    return is_reorganised or cursor.next_height != was_next


def _read_range(
    env: Environment, blockchain: str, first: int, last: int
) -> tuple[list[str | None], list[Sighted]]:
    """Read and store a range; return its blocks' hashes and what is ours in them."""
    adapter = env.chains[blockchain]
    hashes = adapter.block_hashes(first, last)
    seen = sightings.store_blocks(env, blockchain, first, last)
    if adapter.block_hash(last) != hashes[-1]:
        raise ChainUnavailableError("the chain was reorganised while it was read")
    return hashes, seen


def _walk_back(env: Environment, blockchain: str, adapter: ChainAdapter, cursor: ChainCursor) -> list[Sighted]:
    """Go back to the last block that the node still has, and give up what was seen in the others."""
    height = cursor.next_height - 1
    kept = list(cursor.hashes)
    while kept and short_hash(adapter.block_hash(height)) != kept[-1]:
        kept.pop()
        height -= 1
    if not kept and cursor.hashes:
        height = _deepest_common(env, blockchain, adapter, height)
    if height == cursor.next_height - 1:
        return []
    logger.warning("reorganisation of %s: back to block %d", blockchain, height)
    lost = sightings.give_up_blocks(env, blockchain, height + 1)
    cursor.next_height, cursor.hashes = height + 1, kept
    return lost


def _deepest_common(env: Environment, blockchain: str, adapter: ChainAdapter, height: int) -> int:
    """Go on back where the cursor's hashes end, by the blocks in which something of ours was seen."""
    below = Record.sk < f"{height + 1:012d}"
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), below, newest_first=True):
        if adapter.block_hash(block.height) == block.block_hash:
            return block.height
        height = block.height - 1
    return height


def _grown_deep(env: Environment, blockchain: str, read_before: int, head: int) -> list[Sighted]:
    """Return what has become deep enough by the blocks just read."""
    span = Record.sk.between(f"{max(0, read_before - LOOK_BACK_BLOCKS):012d}", f"{head:012d}~")
    grown: list[Sighted] = []
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), span):
        seen: list[Sighted] = block.sightings if block.lost_at is None else []
        for sighted in seen:
            wanted = env.catalogue.by_code(sighted["currency"]).confirmations
            if read_before < block.height + wanted - 1 <= head:
                grown.append(sighted)
    return grown


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
        is_free = (ChainCursor.lease_until <= now) & (ChainCursor.next_height == cursor.next_height)
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


def _move(env: Environment, cursor: ChainCursor, last: int, hashes: Sequence[str | None]) -> None:
    cursor.hashes = [*cursor.hashes, *map(short_hash, hashes)][-HASHES_KEPT:]
    cursor.next_height = last + 1
    moved = [ChainCursor.next_height.set(cursor.next_height), ChainCursor.hashes.set(cursor.hashes)]
    env.store.commit(update(cursor.key, moved, ChainCursor.lease_owner == cursor.lease_owner))


def _release(env: Environment, cursor: ChainCursor) -> None:
    released = update(cursor.key, [ChainCursor.lease_until.set(0)], ChainCursor.lease_owner == cursor.lease_owner)
    try:
        env.store.commit(released)
    except ConflictError:
        logger.warning("the lease of %s ran out while its blocks were read", cursor.pk)


def _note_head(env: Environment, blockchain: str, height: int) -> None:
    env.store.commit(update(keys.chain_heads(), [getattr(ChainHeads, blockchain).set(height)]))
