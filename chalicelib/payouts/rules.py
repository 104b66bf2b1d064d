"""What to do next for a signed withdrawal, given what the chain says of all that was signed for it. Pure.

What a node answers to a broadcast is no part of this: only where the known transactions stand decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.chains.adapter import TxStatus

STUCK_SECONDS = 600  # not mined for so long after it was signed: the fee is too low
# Nodes take a replacement for an eighth more; this is the least step, rounded up.
BUMP_NUMERATOR, BUMP_DENOMINATOR = 9, 8
# A fee so many times what the node itself estimates will not help either: a person must look.
MOST_TIMES_ESTIMATE = 10
MOST_ATTEMPTS = 100  # what fits one item, with room
MOST_LIVES = 5  # of a payout that expires unmined each time: whatever the chain has against it, more will not help
MOST_CHILDREN = 10  # nodes pass on 25 unmined transactions in a row at most
DEAR = 3  # a live fee over so many times the fixed one is waited out
# A payout is watched until it lies far deeper than any reorganisation that we reckon with: three times the depth
# that was taken for final, and no less than sixty blocks where that depth is small.
WATCHED_TIMES_CONFIRMATIONS, LEAST_WATCHED_BLOCKS = 3, 60


class Next(StrEnum):
    """What is to be done for a signed withdrawal."""

    WAIT = "wait"
    SEND = "send"
    SUBMITTED = "submitted"
    NOTE = "note"
    FORGET = "forget"
    BUMP = "bump"
    SETTLE = "settle"
    FAIL_REVERTED = "fail reverted"
    FAIL_IMPOSSIBLE = "fail impossible"
    SIGN_ANEW = "sign anew"


@dataclass(frozen=True, slots=True)
class Followed:
    """What is known of a signed withdrawal before the chain is asked.

    Attributes:
        is_submitted: whether it was told that a node has it.
        mined: the attempt that was seen mined, by its place; None when none was.
        height: the block that it was seen in, and
        block_hash: that block's hash.
        confirmations: how many blocks, its own included, make it final.
        is_expiring: what is signed on this chain expires: once it has, for good, it is signed anew.
    """

    is_submitted: bool
    mined: int | None
    height: int | None
    block_hash: str | None
    confirmations: int
    is_expiring: bool = False


class Watch(StrEnum):
    """What is to be done for a withdrawal that has ended, after it was signed."""

    REST = "rest"
    LEAVE = "leave"
    NOTE = "note"
    SEND = "send"
    CORRECT = "correct"
    FILL = "fill"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of a withdrawal that has ended, after it was signed, before the chain is asked.

    Attributes:
        is_completed: whether it ended as completed; else it failed.
        corrections: how often the books were corrected since.
        height: the block that it was seen in, and
        block_hash: that block's hash.
        is_ok: whether what was mined did what it was for.
        confirmations: how many blocks, its own included, make it final.
    """

    is_completed: bool
    corrections: int
    height: int | None
    block_hash: str | None
    is_ok: bool | None
    confirmations: int

    @property
    def is_paid(self) -> bool:
        """Whether its coins have left, by the books: each correction turns that round."""
        return self.is_completed != bool(self.corrections % 2)

    @property
    def watched_blocks(self) -> int:
        """How deep its block must lie for the watch to end."""
        return max(WATCHED_TIMES_CONFIRMATIONS * self.confirmations, LEAST_WATCHED_BLOCKS)


def once_noted(known: Watched, head_height: int) -> Watch:
    """Return what is to be done for a watched withdrawal whose noted block is still the chain's."""
    if known.is_ok != known.is_paid:
        return Watch.CORRECT if is_deep(known.height, head_height, known.confirmations) else Watch.REST
    return Watch.LEAVE if is_deep(known.height, head_height, known.watched_blocks) else Watch.REST


def watched_step(known: Watched, seen: Sequence[TxStatus], head_height: int) -> Watch:
    """Return what is to be done next for a withdrawal that has ended, after it was signed.

    Args:
        known: what is noted.
        seen: where each attempt stands now, oldest first.
        head_height: the chain's height.
    """
    mined = mined_place(seen)
    place = (None, None, None) if mined is None else (seen[mined].height, seen[mined].block_hash, seen[mined].ok)
    if place != (known.height, known.block_hash, known.is_ok):
        return Watch.NOTE
    return once_noted(known, head_height) if mined is not None else _once_lost(known, seen, head_height)


def _once_lost(known: Watched, seen: Sequence[TxStatus], head_height: int) -> Watch:
    """Decide for what is in no block: what has left by the books is sent again, else its slot is filled."""
    states = [one.state for one in seen]
    if "impossible" in states:
        if known.is_paid:
            return Watch.ALARM
        is_over = all(
            one.state == "impossible" and is_deep(one.height, head_height, known.watched_blocks) for one in seen
        )
        return Watch.LEAVE if is_over else Watch.REST
    if known.is_paid:
        return Watch.REST if states[-1] == "mempool" else Watch.SEND
    return Watch.FILL


def next_step(known: Followed, seen: Sequence[TxStatus], head_height: int, *, was_sent: bool) -> Next:
    """Return what is to be done next.

    Args:
        known: what is stored.
        seen: where each attempt stands now, oldest first.
        head_height: the chain's height.
        was_sent: whether all attempts were handed to the node in this turn already.
    """
    mined = mined_place(seen)
    if mined is not None:
        return _once_mined(known, seen[mined], mined, head_height)
    if known.mined is not None:
        return Next.FORGET
    return _while_unmined(known, seen, head_height, was_sent=was_sent)


def _while_unmined(known: Followed, seen: Sequence[TxStatus], head_height: int, *, was_sent: bool) -> Next:
    states = [one.state for one in seen]
    if known.is_expiring and states[-1] == "impossible":
        if set(states) != {"impossible"}:
            return Next.WAIT
        return Next.SIGN_ANEW if len(states) < MOST_LIVES else Next.FAIL_IMPOSSIBLE
    if "impossible" in states and not known.is_expiring:
        return Next.FAIL_IMPOSSIBLE if _is_impossible_for_good(known, seen, head_height) else Next.WAIT
    if "mempool" in states and not known.is_submitted:
        return Next.SUBMITTED
    if states[-1] == "mempool" or was_sent:
        return Next.WAIT
    return Next.SEND


def mined_place(seen: Sequence[TxStatus]) -> int | None:
    """Return the place of the attempt that is in a block; there is one at most."""
    return next((place for place, one in enumerate(seen) if one.state == "mined"), None)


def is_deep(height: int | None, head_height: int, confirmations: int) -> bool:
    """Tell whether a block has the blocks on top of it that make it final enough."""
    return height is not None and head_height - height + 1 >= confirmations


def is_stuck(signed_at_ms: int, now_ms: int) -> bool:
    """Tell whether the newest attempt has waited too long to be mined at its fee."""
    return now_ms - signed_at_ms >= STUCK_SECONDS * 1000


def bumped_fee_units(newest_units: int, estimated_units: int, attempts: int) -> int | None:
    """Return the fee of the next attempt in the same slot, in units of the native coin; None: no further.

    Args:
        newest_units: the newest attempt's.
        estimated_units: what the chain would take now.
        attempts: how many were signed already.
    """
    wanted_units = max(-(-newest_units * BUMP_NUMERATOR // BUMP_DENOMINATOR), estimated_units)
    is_sensible = wanted_units <= estimated_units * MOST_TIMES_ESTIMATE and attempts < MOST_ATTEMPTS
    return wanted_units if is_sensible else None


def is_out_of_proportion(fee_units: int, usual_units: int) -> bool:
    """Tell whether one payout takes so much more than a usual one of its token that the receiver is to blame.

    A contract decides how much gas a payment to it takes, and the platform would pay for that.
    """
    return fee_units > DEAR * usual_units


def is_too_dear(live_fee_units: int, fixed_fee_units: int) -> bool:
    """Tell whether the chain takes so much more than was fixed at acceptance that it is better to wait."""
    return live_fee_units > DEAR * fixed_fee_units


def _once_mined(known: Followed, seen: TxStatus, mined: int, head_height: int) -> Next:
    is_noted = (known.mined, known.height, known.block_hash) == (mined, seen.height, seen.block_hash)
    if not (is_noted and known.is_submitted):
        return Next.NOTE
    if not (is_deep(seen.height, head_height, known.confirmations) and seen.is_final):
        return Next.WAIT
    return Next.SETTLE if seen.ok else Next.FAIL_REVERTED


def _is_impossible_for_good(known: Followed, seen: Sequence[TxStatus], head_height: int) -> bool:
    """Tell whether a stranger's spending of the slot is so deep that none of ours can come any more."""
    return all(one.state == "impossible" and is_deep(one.height, head_height, known.confirmations) for one in seen)
