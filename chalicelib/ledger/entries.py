"""Double entry: every movement is a set of signed entries that add up to zero, per currency, for ever.

An entry is never changed or taken out; a mistake is corrected by entries of the opposite sign.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


class LedgerError(ValueError):
    """A movement that the ledger's rules forbid; nothing was booked."""


class UnbalancedError(LedgerError):
    """The parts of a movement do not add up to its whole, or one of them is negative."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a movement.

    Attributes:
        account: the account's name.
        units: in the currency's smallest units; a debit is positive, a credit negative; never 0.
    """

    account: str
    units: int


@dataclass(frozen=True, slots=True)
class TrialRow:
    """An account's line in a trial balance, in smallest units; ``balance_units`` = debits − credits."""

    account: str
    debit_units: int
    credit_units: int

    @property
    def balance_units(self) -> int:
        """What the account stands at: positive for assets, negative for debts and income."""
        return self.debit_units - self.credit_units


def entries_of(*sides: tuple[str, int]) -> tuple[Entry, ...]:
    """Make a movement's entries, leaving out sides of nothing.

    Raises:
        UnbalancedError: the sides do not add up to zero.
    """
    entries = tuple(Entry(account, units) for account, units in sides if units)
    if not balanced(entries):
        raise UnbalancedError("debits and credits must add up to zero")
    return entries


def sum_of_parts(*parts: int) -> int:
    """Return the sum of a movement's parts, in smallest units.

    Raises:
        UnbalancedError: one is negative, or all are nothing.
    """
    if min(parts) < 0 or not any(parts):
        raise UnbalancedError("a movement has no negative part, and is not of nothing")
    return sum(parts)


def balanced(entries: Iterable[Entry]) -> bool:
    """Tell whether debits equal credits."""
    return sum(entry.units for entry in entries) == 0


def account_units(entries: Iterable[Entry], account: str) -> int:
    """Return what an account stands at after these entries: debits less credits."""
    return sum(entry.units for entry in entries if entry.account == account)


def trial_balance(entries: Iterable[Entry]) -> tuple[TrialRow, ...]:
    """Sum entries of one currency by account, in the accounts' alphabetical order."""
    debits: defaultdict[str, int] = defaultdict(int)
    credits_: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        side = debits if entry.units > 0 else credits_
        side[entry.account] += abs(entry.units)
    accounts = sorted(debits.keys() | credits_.keys())
    return tuple(TrialRow(account, debits[account], credits_[account]) for account in accounts)
