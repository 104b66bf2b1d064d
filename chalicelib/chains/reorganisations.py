"""Reorganisations as the scanner works them off: back to the last common block, and up again.

A node that is merely behind shows none: only another block at a height that was read does. The cursor goes back,
and notes it, before anything is given up; the note stays until all has been read again. So whatever stops in
between, the next tick gives up what is left, and stores anew what turns out to be there still.
"""

import logging

from chalicelib.chains import sightings
from chalicelib.chains.adapter import ChainAdapter, ChainUnavailableError, Head
from chalicelib.chains.records import BlockRecord, ChainCursor, Sighted, short_hash
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, Write, check, update

logger = logging.getLogger(__name__)


def give_up(
    env: Environment, blockchain: str, adapter: ChainAdapter, cursor: ChainCursor, head: Head
) -> list[Sighted]:
    """Go back to the last block that the node still has, and give up what was seen in the others.

    Args:
        env: the environment.
        blockchain: the short code.
        adapter: the node, pinned.
        cursor: as leased; it is lowered, stored first.
        head: the node's.

    Returns:
        What was seen in the blocks given up, to be looked into.

    Raises:
        ChainUnavailableError: the node is behind what was read, or knows too little to tell.
        ConflictError: another reader has the lease by now; nothing more is given up.
    """
    height, kept = _last_common(env, blockchain, adapter, cursor, head)
    if height < cursor.next_height - 1:
        logger.warning("reorganisation of %s: back to block %d", blockchain, height)
        _lower(env, cursor, height + 1, kept)
    if cursor.gave_up_from is None:
        return []
    return sightings.give_up_blocks(env, blockchain, cursor.next_height, fence(cursor))


def fence(cursor: ChainCursor) -> Write:
    """Return the demand that whoever read this cursor still has its lease."""
    refusal = ConflictError(f"the lease of {cursor.pk} ran out")
    return check(cursor.key, ChainCursor.lease_owner == cursor.lease_owner, refusal)


def _last_common(
    env: Environment, blockchain: str, adapter: ChainAdapter, cursor: ChainCursor, head: Head
) -> tuple[int, list[str]]:
    """Return the height of the last block that was read and is there still, with the hashes kept up to it."""
    read = cursor.next_height - 1
    if head.height < read and cursor.remembers(head.height, head.hash) is not False:
        raise ChainUnavailableError(f"The node is behind: it stands at {head.height}, and {read} was read.")
    height = min(read, head.height)
    kept = list(cursor.hashes)[: len(cursor.hashes) - (read - height)]
    while kept and short_hash(_hash_at(adapter, height)) != kept[-1]:
        kept.pop()
        height -= 1
    if not kept and cursor.hashes:
        height = _deepest_common(env, blockchain, adapter, height)
    return height, kept


def _deepest_common(env: Environment, blockchain: str, adapter: ChainAdapter, height: int) -> int:
    """Go on back where the cursor's hashes end, by the blocks in which something of ours was seen."""
    below = Record.sk < f"{height + 1:012d}"
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), below, newest_first=True):
        if _hash_at(adapter, block.height) == block.block_hash:
            return block.height
        height = block.height - 1
    return height


def _hash_at(adapter: ChainAdapter, height: int) -> str:
    """Return the hash of a block at or below the node's head: that the node lacks it is no answer."""
    block_hash = adapter.block_hash(height)
    if block_hash is None:
        raise ChainUnavailableError(f"The node lacks block {height}, which is below its head.")
    return block_hash


def _lower(env: Environment, cursor: ChainCursor, next_height: int, kept: list[str]) -> None:
    before = next_height if cursor.gave_up_from is None else cursor.gave_up_from
    gave_up_from = min(next_height, before)
    lowered = [
        ChainCursor.next_height.set(next_height),
        ChainCursor.hashes.set(kept),
        ChainCursor.gave_up_from.set(gave_up_from),
    ]
    env.store.commit(update(cursor.key, lowered, ChainCursor.lease_owner == cursor.lease_owner))
    cursor.next_height, cursor.hashes, cursor.gave_up_from = next_height, kept, gave_up_from
