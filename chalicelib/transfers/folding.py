"""Folding: many transfers of one merchant, decided one after the other, made into one change of each balance.

Pure: nothing is stored here. The order of arrival is kept: each is decided on what those before it left, and one
that would overdraw is refused while those after it go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.ledger import rules
from chalicelib.ledger.balance import Balance, BalanceChange, InsufficientFundsError, OwedError

Holder = tuple[str, str]
"""An account and a currency's code."""


class Asked(Protocol):
    """A transfer as folding sees it."""

    @property
    def source(self) -> str:
        """The account that gives."""

    @property
    def target(self) -> str:
        """The account that receives."""

    currency: str
    units: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one transfer.

    Attributes:
        is_moved: False when the giving account had too little.
        repaid_units: how much of it went to what the receiving account owed.
    """

    is_moved: bool
    repaid_units: int = 0


@dataclass(slots=True)
class Folded:
    """One balance over a fold: as it was, as it is, and how much of it was drawn on in between."""

    before: Balance
    after: Balance
    least_units: int = 0

    def become(self, after: Balance) -> None:
        """Take the next step."""
        self.after = after
        self.least_units = max(self.least_units, self.before.available_units - after.available_units)


@dataclass(frozen=True, slots=True)
class Fold:
    """What a run of transfers comes to.

    Attributes:
        outcomes: one for each transfer, in their order.
        balances: every balance that changes.
        refusing: the accounts that had too little for one of them.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    balances: dict[Holder, Folded] = field(default_factory=dict)
    refusing: set[Holder] = field(default_factory=set)

    def change(self, holder: Holder) -> BalanceChange:
        """Return what happens to one balance in all."""
        folded = self.balances[holder]
        return BalanceChange(holder[0], folded.before, folded.after)


def holders(asked: Asked) -> tuple[Holder, Holder]:
    """Return the two balances that a transfer is about."""
    return (asked.source, asked.currency), (asked.target, asked.currency)


def first_fold(waiting: Sequence[Asked], most_writes: int) -> int:
    """Return how many transfers, from the first on, fit into one transaction: each, and each balance, once."""
    touched: set[Holder] = set()
    for count, asked in enumerate(waiting):
        touched.update(holders(asked))
        if count + 1 + len(touched) > most_writes:
            return count
    return len(waiting)


def fold(waiting: Sequence[Asked], balances: Mapping[Holder, Balance]) -> Fold:
    """Decide transfers in their order.

    Args:
        waiting: the transfers, oldest first.
        balances: what every account of theirs has; one that has none yet may be left out.
    """
    made = Fold()
    for asked in waiting:
        giving, receiving = holders(asked)
        source, target = (_now(made, balances, holder) for holder in (giving, receiving))
        try:
            posting = rules.transfer(source, asked.source, target, asked.target, asked.units)
        except (InsufficientFundsError, OwedError):
            made.refusing.add(giving)
            made.outcomes.append(Outcome(is_moved=False))
            continue
        for holder, change in zip((giving, receiving), posting.changes, strict=True):
            before = balances.get(holder) or Balance()
            made.balances.setdefault(holder, Folded(before, before)).become(change.after)
        made.outcomes.append(Outcome(is_moved=True, repaid_units=target.repayment_units(asked.units)))
    return made


def _now(made: Fold, balances: Mapping[Holder, Balance], holder: Holder) -> Balance:
    folded = made.balances.get(holder)
    return folded.after if folded else balances.get(holder) or Balance()
