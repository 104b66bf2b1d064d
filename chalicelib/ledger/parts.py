"""A hot account's balance in parts: what is available is spread over several items, so that none is a queue.

What is held and owed stands in the first part alone. A part that runs short pulls from others in the very
transaction that needs it; every part notes, net, what it got that way. So the account's amount is right even when
its parts are read one before and one after a pull: what left one and has not been seen to arrive is in that note.

While the account owes, no part has anything, each is marked, and all money goes to the first, to the debt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.ledger.balance import Balance

MOST_PARTS = 16


@dataclass(frozen=True, slots=True)
class SplitBalance(Balance):
    """The balance of an account in several parts: to the ledger's rules a balance like any other.

    Attributes:
        parts_units: what is available in each part, as it was read.
    """

    parts_units: tuple[int, ...] = ()

    @property
    def is_torn(self) -> bool:
        """Whether a pull was seen half: the sum is right, and what each part has is not to be relied on."""
        return sum(self.parts_units) != self.available_units

    def with_part(self, part: int, units: int) -> "SplitBalance":
        """Return the balance after one part's available units changed by so many."""
        changed = tuple(has + units * (number == part) for number, has in enumerate(self.parts_units))
        return SplitBalance(
            self.available_units + units,
            self.pending_units,
            self.owed_units,
            self.fees_taken_units,
            changed,
        )


def split(first: Balance, parts_units: Sequence[int], pulled_units: int) -> Balance:
    """Return an account's balance from its parts.

    Args:
        first: the first part's own balance.
        parts_units: what is available in each, the first one included.
        pulled_units: the sum of what all parts note as pulled: not zero when a pull was seen half.
    """
    if len(parts_units) == 1:
        return first
    available_units = sum(parts_units) - pulled_units
    return SplitBalance(
        available_units, first.pending_units, first.owed_units, first.fees_taken_units, tuple(parts_units)
    )


def pulls(parts_units: Sequence[int], home: int, needed_units: int, *, level: bool) -> Mapping[int, int]:
    """Return how many units to take from which other part, so that one has what it needs.

    Args:
        parts_units: what is available in each part.
        home: the part that needs them.
        needed_units: how many it must have.
        level: take as many as leave it an even share, so that it need not ask again soon.

    Returns:
        Other parts' numbers to units; less in all than is needed when there is not more.
    """
    if parts_units[home] >= needed_units:
        return {}
    share_units = sum(parts_units) // len(parts_units) if level else 0
    missing_units = max(needed_units, share_units) - parts_units[home]
    taken: dict[int, int] = {}
    # The richest first, down to their own even share; only a real need goes below that.
    for kept_units, wanted_units in ((share_units, missing_units), (0, needed_units - parts_units[home])):
        for part in sorted(range(len(parts_units)), key=lambda one: -parts_units[one]):
            left_units = wanted_units - sum(taken.values())
            units = min(parts_units[part] - taken.get(part, 0) - kept_units, left_units)
            if part != home and units > 0:
                taken[part] = taken.get(part, 0) + units
    return taken
