"""The re-scan: blocks that were read are read once more, a sample of all and every range in which a tick failed.

What is found that was missed is an alarm, and is stored and told as the scanner does: both may happen twice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from typing import cast

from chalicelib.audit import comparing
from chalicelib.audit.comparing import Finding
from chalicelib.audit.records import RescanState
from chalicelib.chains import failed_ranges, sightings
from chalicelib.chains.adapter import ChainAdapter, ChainUnavailableError, Coin, CoinAdapter
from chalicelib.chains.failed_ranges import Range
from chalicelib.chains.records import BlockRecord, ChainCursor, CoinRecord, Sighted
from chalicelib.chains.sightings import BlocksRead
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import put

BLOCKS_IN_SAMPLE = 20
BLOCKS_BACK = 5_000  # how far behind the head the sample is drawn from
BLOCKS_IN_ONE_RANGE = 50
MOST_FAILED_BLOCKS = 500  # in one run; what is more waits for the next

logger = logging.getLogger(__name__)


def rescan(env: Environment, blockchain: str, random: Random) -> Iterator[Finding]:
    """Read blocks of one chain again, and repair what was missed in them.

    Args:
        env: the environment.
        blockchain: the short code.
        random: draws the sample.

    Yields:
        What was found otherwise than stored; it has been logged at error level, and repaired.

    Raises:
        ChainUnavailableError: the node does not answer; failed ranges that were not read stay noted.
        StorageUnavailableError: some may not be repaired; the next run finds it again.
    """
    cursor = env.store.get(ChainCursor, keys.chain_cursor(blockchain))
    if cursor is None:
        return
    failed = _due(failed_ranges.noted(env, blockchain), cursor.next_height)
    adapter = env.chains[blockchain]
    with adapter.pinned():  # hashes and what lies in the blocks must come from one node
        head = adapter.head().height
        for span in [*failed, *_sample(env, blockchain, cursor, head, random)]:
            yield from _read_again(env, blockchain, adapter, cursor, span, head)
            if span in failed:
                failed_ranges.clear(env, blockchain, [span])


def _due(noted: Sequence[Range], next_height: int) -> list[Range]:
    """Return the failed ranges as far as the scanner has been there since, in pieces, not too many."""
    pieces = [
        (start, min(start + BLOCKS_IN_ONE_RANGE, last + 1, next_height) - 1)
        for first, last in noted
        for start in range(first, min(last + 1, next_height), BLOCKS_IN_ONE_RANGE)
    ]
    return pieces[: MOST_FAILED_BLOCKS // BLOCKS_IN_ONE_RANGE]


def _sample(env: Environment, blockchain: str, cursor: ChainCursor, head: int, random: Random) -> list[Range]:
    """Draw blocks that are deep enough to stay, and were read by us."""
    last = min(cursor.next_height - 1, head) - env.catalogue.most_confirmations(blockchain)
    state = rescan_state(env, blockchain, cursor)
    first = max(state.from_height, cursor.next_height - len(cursor.hashes) - BLOCKS_BACK)
    heights = range(first, last + 1)
    drawn = random.sample(heights, min(BLOCKS_IN_SAMPLE, len(heights)))
    return [(height, height) for height in sorted(drawn)]


def rescan_state(env: Environment, blockchain: str, cursor: ChainCursor) -> RescanState:
    """Return what the audit remembers of a chain; its first run notes where reading began, if that can be told."""
    pk, sk = keys.rescan(blockchain)
    state = env.store.get(RescanState, keys.rescan(blockchain))
    if state is None:
        begun_at = cursor.next_height - len(cursor.hashes) + 1  # the first hash is of a block that was not read
        state = RescanState(pk=pk, sk=sk, from_height=begun_at, suspects={})
        env.store.commit(put(state))
    return state


def _read_again(
    env: Environment, blockchain: str, adapter: ChainAdapter, cursor: ChainCursor, span: Range, head: int
) -> list[Finding]:
    first, last = span
    hashes = dict(zip(range(first, last + 1), adapter.block_hashes(first, last), strict=True))
    read = sightings.read_blocks(env, blockchain, first, last)
    if adapter.block_hash(last) != hashes[last]:
        raise ChainUnavailableError("the chain was reorganised while it was read again")
    stored = _stored(env, blockchain, first, last)
    there: dict[int, list[Sighted]] = {
        height: together
        for (height, block_hash), together in read.by_block.items()
        if block_hash == hashes[height]
    }
    found: list[Finding] = []
    for height, block_hash in hashes.items():
        known, names = stored[height]
        if block_hash is None or cursor.remembers(height, block_hash) is False or names - {block_hash}:
            found += _other_block(env, blockchain, adapter, cursor, height, block_hash)
            continue
        findings = comparing.compare(known, there.get(height, []))
        _repair(env, head, known, there.get(height, []), findings)
        found += findings
    return [*found, *_missing_coins(env, blockchain, read)]


def _other_block(
    env: Environment,
    blockchain: str,
    adapter: ChainAdapter,
    cursor: ChainCursor,
    height: int,
    block_hash: str | None,
) -> list[Finding]:
    """Judge a block that is not the one which was read: a reorganisation that the scanner is still to see is none.

    Where the chain still has the block that was read last, no walk back comes down to this one any more.
    """
    read = cursor.next_height - 1
    is_deep = height <= read - env.catalogue.most_confirmations(blockchain)
    if block_hash is None or not is_deep or cursor.remembers(read, adapter.block_hash(read)) is not True:
        problem = "block %d of %s has another hash than what was read: the scanner's to see"
        logger.info(problem, height, blockchain)
        return []
    found = Finding("replaced", blockchain, height, block_hash)
    logger.error("%s", found)
    return [found]


def _stored(
    env: Environment, blockchain: str, first: int, last: int
) -> defaultdict[int, tuple[list[Sighted], set[str]]]:
    """Return what is stored of each height of a range: the sightings, and the hashes of the blocks they are of."""
    found: defaultdict[int, tuple[list[Sighted], set[str]]] = defaultdict(lambda: ([], set()))
    span = Record.sk.between(f"{first:012d}", f"{last:012d}~")
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), span):
        if block.lost_at is None:
            known, hashes = found[block.height]
            known += block.sightings
            hashes.add(block.block_hash)
    return found


def _repair(
    env: Environment, head: int, known: list[Sighted], there: list[Sighted], findings: Sequence[Finding]
) -> None:
    """Store what was missed in a block and tell the deposit workers, as the scanner would have."""
    for finding in findings:
        logger.error("%s", finding)
    missed = {(finding.txid, finding.index) for finding in findings if finding.is_repaired}
    if not missed:
        return
    told = [sighted for sighted in there if comparing.identity(sighted) in missed]
    blockchain, height, block_hash = told[0]["blockchain"], told[0]["height"], told[0]["block_hash"]
    sightings.store_block(env, blockchain, height, block_hash, comparing.together(known, there))
    sightings.look_again_from(env, blockchain, height)
    env.queues.report_deposits([{**sighted, "head": head} for sighted in told])


def _missing_coins(env: Environment, blockchain: str, read: BlocksRead) -> list[Finding]:
    """Keep the coins that were not kept, where money lies in coins; those spent for good were forgotten."""
    if not read.matcher.has_coins:
        return []
    paid = [one for one in read.transfers if one.ok and one.units > 0]
    coins = {one.key: one for one in (sightings.coin_of(blockchain, each, read.matcher) for each in paid)}
    known = env.store.get_many(CoinRecord, list(coins)) if coins else {}
    absent = {one.sk: one for key, one in coins.items() if key not in known}
    adapter = cast("CoinAdapter", env.chains[blockchain])
    asked = [Coin(one.sk, one.units, one.key_path) for one in absent.values()]
    unspent = {coin.outpoint for coin in (adapter.unspent(asked) if asked else [])}
    found = []
    for transfer in paid:
        outpoint = f"{transfer.txid}:{transfer.index}"
        if outpoint in unspent:
            env.store.commit(put(absent[outpoint]))
            place = (transfer.height or 0, transfer.block_hash or "", transfer.txid, transfer.index)
            found.append(Finding("coin", blockchain, *place, transfer.token, transfer.units))
            logger.error("%s", found[-1])
    return found
