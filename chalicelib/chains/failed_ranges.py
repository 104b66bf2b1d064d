"""The ranges of blocks in which a scan failed: noted in one small item, for the audit to read them once more.

The next tick reads such a range again by itself. That it does is what the audit shows: a node that answers
nonsense, or half of it, is the likeliest to have shown us a block without what lay in it.
"""

import logging
from collections.abc import Iterable, Sequence

from chalicelib.chains.records import FailedRanges
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, put

ATTEMPTS = 3
MOST_RANGES = 100

Range = tuple[int, int]

logger = logging.getLogger(__name__)


def note(env: Environment, blockchain: str, first: int, last: int) -> None:
    """Note that blocks ``first`` to ``last`` could not be read. Where that fails too, it is only logged."""
    try:
        for _ in range(ATTEMPTS):
            if _change(env, blockchain, [(first, last)], ()):
                return
    except StorageUnavailableError:
        pass
    logger.warning("blocks %d to %d of %s failed, and that could not be noted", first, last, blockchain)


def noted(env: Environment, blockchain: str) -> list[Range]:
    """Return the ranges that wait for the audit, lowest first, none touching another."""
    record = env.store.get(FailedRanges, keys.failed_ranges(blockchain))
    return [(first, last) for first, last in record.ranges] if record else []


def clear(env: Environment, blockchain: str, read: Sequence[Range]) -> None:
    """Take away what has been read again; what was noted meanwhile stays.

    Raises:
        StorageUnavailableError, ConflictError: it stays noted, and is read again once more.
    """
    for _ in range(ATTEMPTS):
        if not read or _change(env, blockchain, (), read):
            return
    raise ConflictError(f"the failed ranges of {blockchain} changed too often")


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Join ranges that overlap or touch; of too many, the lowest are joined over what lies between them."""
    together: list[Range] = []
    for first, last in sorted(ranges):
        if together and first <= together[-1][1] + 1:
            together[-1] = together[-1][0], max(last, together[-1][1])
        else:
            together.append((first, last))
    surplus = len(together) - MOST_RANGES
    return [(together[0][0], together[surplus][1]), *together[surplus + 1 :]] if surplus > 0 else together


def without(ranges: Iterable[Range], taken: Range) -> list[Range]:
    """Take a range out of others."""
    left: list[Range] = []
    for first, last in ranges:
        parts = [(first, min(last, taken[0] - 1)), (max(first, taken[1] + 1), last)]
        left += [part for part in dict.fromkeys(parts) if part[0] <= part[1]]
    return left


def _change(env: Environment, blockchain: str, added: Sequence[Range], taken: Sequence[Range]) -> bool:
    """Add ranges and take others away; tells whether nobody changed the item in between."""
    pk, sk = keys.failed_ranges(blockchain)
    record = env.store.get(FailedRanges, keys.failed_ranges(blockchain))
    before = [(first, last) for first, last in record.ranges] if record else []
    after = joined([*before, *added])
    for one in taken:
        after = without(after, one)
    if after == before:
        return True
    unchanged = FailedRanges.ranges == record.ranges if record else Record.pk.does_not_exist()
    try:
        env.store.commit(put(FailedRanges(pk=pk, sk=sk, ranges=[list(one) for one in after]), unchanged))
    except ConflictError:
        return False
    return True
