"""When money is worth bringing home, and what follows from how its move stands. Pure."""

from enum import StrEnum
from fractions import Fraction

from chalicelib.withdrawals.lifecycle import Status

SOON_SECONDS = 600  # less than the schedule's fifteen minutes: its next run looks again
LATER_SECONDS = 3600
# What is worth too little waits for more money, which is noticed anyway, or for a better price, which has time.
PARKED_SECONDS = 7 * 24 * 3600
PENDING_PATIENCE_SECONDS = 3600  # a move that nothing was signed for is taken back: what it rests on may be gone
BACKOFF_SECONDS, BACKOFF_TIMES, MOST_BACKOFFS = 3600, 4, 10
MOST_COST = Fraction(1, 10)  # of what is brought home; dearer gas is waited out


class Standing(StrEnum):
    """How a move stands, as far as the account that it is for wants to know."""

    OPEN = "open"
    LATE = "late"
    DONE = "done"
    FAILED = "failed"


def standing(status: str, age_seconds: float) -> Standing:
    """Tell how a move stands by its withdrawal's status, and how long ago that was made."""
    if status == Status.COMPLETED:
        return Standing.DONE
    if status in {Status.PROCESSING, Status.SUBMITTED}:
        return Standing.OPEN  # signed: only the chain can end it
    if status == Status.PENDING:
        return Standing.LATE if age_seconds >= PENDING_PATIENCE_SECONDS else Standing.OPEN
    return Standing.FAILED


def usd_cents(units: int, decimals: int, usd: Fraction) -> Fraction:
    """Return what an amount is worth, in US cents, exact.

    Args:
        units: in the token's smallest units.
        decimals: how many decimals it has.
        usd: US dollars for one whole coin.
    """
    return Fraction(units, 10**decimals) * usd * 100


def is_cheap(worth_cents: Fraction, cost_cents: Fraction) -> bool:
    """Tell whether bringing it home costs little enough of it."""
    return cost_cents <= worth_cents * MOST_COST


def backoff_seconds(failures: int) -> int:
    """Return how long an account is left alone after so many moves in a row that came to nothing."""
    seconds = BACKOFF_SECONDS
    for _ in range(1, min(failures, MOST_BACKOFFS)):
        seconds *= BACKOFF_TIMES
    return min(seconds, PARKED_SECONDS)
