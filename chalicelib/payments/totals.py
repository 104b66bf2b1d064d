"""The sums of a payment; they outlive the deposits that have fallen off its list."""

from dataclasses import dataclass, replace

from chalicelib.payments.deposits import Deposit


@dataclass(frozen=True, slots=True)
class Totals:
    """What has come for a payment so far. Only deposits in its own currency go into the units.

    Attributes:
        seen_units: coins seen, deep or not (what the API shows as paid).
        counted_units: their worth against the amount due.
        late_counted_units: the part of that worth which was first seen after the expiry.
        deep_counted_units: the part of that worth which is deep enough and credited.
        received_units: coins that are deep enough.
        credited_units: what the merchant has got of these; the rest is the platform's fee.
        counting: how many deposits in the payment's own currency are reckoned with.
        late: how many deposits of any currency, reckoned with, were first seen after the expiry.
    """

    seen_units: int = 0
    counted_units: int = 0
    late_counted_units: int = 0
    deep_counted_units: int = 0
    received_units: int = 0
    credited_units: int = 0
    counting: int = 0
    late: int = 0

    @property
    def fee_units(self) -> int:
        """The platform's part of what has been received."""
        return self.received_units - self.credited_units

    @property
    def in_time_counted_units(self) -> int:
        """The worth of what was first seen before the expiry."""
        return self.counted_units - self.late_counted_units

    def sighted(self, deposit: Deposit, is_own: bool, sign: int = 1) -> "Totals":
        """Add a deposit that is reckoned with from now on; with sign -1, take away one that no longer is."""
        late = self.late + sign * deposit.is_late
        if not is_own:
            return replace(self, late=late)
        counted = sign * deposit.counted_units
        return replace(
            self,
            seen_units=self.seen_units + sign * deposit.whole_units,
            counted_units=self.counted_units + counted,
            late_counted_units=self.late_counted_units + counted * deposit.is_late,
            counting=self.counting + sign,
            late=late,
        )

    def received(self, deposit: Deposit, credited_units: int, sign: int = 1) -> "Totals":
        """Add an own-currency deposit that is deep now; with sign -1, take away one that was reversed.

        Args:
            deposit: the deposit.
            credited_units: what the merchant has got in all after this.
            sign: 1 for a credit, -1 for a reversal.
        """
        return replace(
            self,
            deep_counted_units=self.deep_counted_units + sign * deposit.counted_units,
            received_units=self.received_units + sign * deposit.whole_units,
            credited_units=credited_units,
        )


NOTHING = Totals()
