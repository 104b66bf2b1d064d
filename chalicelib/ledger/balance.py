"""A merchant's balance in one account and currency, and what a posting does to it."""

from dataclasses import dataclass

from chalicelib.ledger.entries import Entry, LedgerError, sum_of_parts


class InsufficientFundsError(LedgerError):
    """Less is available than the movement takes."""


class OwedError(LedgerError):
    """The account owes from an earlier reversal: nothing can leave before that is repaid."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account of a merchant has, in one currency, in its smallest units.

    Whoever owes has nothing available: every unit that comes in goes to the debt first.

    Attributes:
        available_units: free to be withdrawn or transferred.
        pending_units: held for withdrawals that are under way.
        owed_units: what a reversal could not take back; repaid from the next money that comes.
        fees_taken_units: fees that this account has borne so far.
    """

    available_units: int = 0
    pending_units: int = 0
    owed_units: int = 0
    fees_taken_units: int = 0

    @property
    def amount_units(self) -> int:
        """All that the account has, held or free."""
        return self.available_units + self.pending_units

    def moved(
        self, *, available_units: int = 0, pending_units: int = 0, owed_units: int = 0, fees_taken_units: int = 0
    ) -> "Balance":
        """Return the balance with these signed changes made."""
        return Balance(
            self.available_units + available_units,
            self.pending_units + pending_units,
            self.owed_units + owed_units,
            self.fees_taken_units + fees_taken_units,
        )

    def received(self, units: int) -> "Balance":
        """Return the balance after so much has come in: the debt is repaid first, the rest is available."""
        repaid_units = self.repayment_units(units)
        return self.moved(available_units=units - repaid_units, owed_units=-repaid_units)

    def repayment_units(self, units: int) -> int:
        """Return how much of what comes in goes to the debt."""
        return min(units, self.owed_units)

    def require_free(self, units: int) -> None:
        """Make sure that so much may leave what is available.

        Raises:
            UnbalancedError: nothing, or less, is to leave.
            OwedError: the account owes.
            InsufficientFundsError: less is available.
        """
        sum_of_parts(units)
        if self.owed_units:
            raise OwedError(f"{self.owed_units} units are owed and must be repaid first")
        if self.available_units < units:
            raise InsufficientFundsError(f"{units} units are asked for, {self.available_units} are available")


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """What a posting does to one merchant account: the database adds ``delta`` on conditions of ``before``."""

    account: str
    before: Balance
    after: Balance

    @property
    def delta(self) -> Balance:
        """The signed change of each part."""
        return self.after.moved(
            available_units=-self.before.available_units,
            pending_units=-self.before.pending_units,
            owed_units=-self.before.owed_units,
            fees_taken_units=-self.before.fees_taken_units,
        )

    @property
    def amount_units(self) -> int:
        """The signed change of the amount: the history's row, if it is not zero."""
        return self.after.amount_units - self.before.amount_units


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement, decided: entries that add up to zero, and the balances they leave.

    Attributes:
        entries: both sides; none where money only changes between available and held.
        changes: the merchant accounts that it touches, the one that it is taken from first.
    """

    entries: tuple[Entry, ...]
    changes: tuple[BalanceChange, ...]

    @property
    def balance_after(self) -> Balance:
        """The balance of the first account that it touches."""
        return self.changes[0].after
