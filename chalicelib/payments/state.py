"""A payment as its rules see it: the bargain, where it stands, and what has come for it."""

from dataclasses import dataclass, replace
from fractions import Fraction

from chalicelib.payments import pricing
from chalicelib.payments.deposits import Deposit, DepositState
from chalicelib.payments.labels import Label
from chalicelib.payments.pricing import Terms
from chalicelib.payments.statuses import Status
from chalicelib.payments.totals import NOTHING, Totals

CLOSED_KEPT = 100
HISTORY_ROWS = 100


@dataclass(frozen=True, slots=True)
class PaymentState:
    """All of a payment that its rules read or change.

    Attributes:
        currency: catalogue code of the coin that is asked for.
        decimals: that coin's decimals; every amount below is in its smallest units.
        due_units: what the customer owes.
        net_due_units: what the merchant gets when exactly that is paid.
        tolerated_units: the least worth that counts as paid.
        is_fixed_rate: whether the amount due is frozen until the expiry.
        is_priced_in_coin: whether the price is in the coin itself, so that no rate is ever needed.
        expires_at: when its time is over, Unix seconds.
        updated_at: when it changed last, Unix seconds.
        status: where it stands.
        labels: what was odd, in their fixed order.
        version: 1, and one more with each change that is stored.
        deposits: every open deposit and the newest closed ones, in the order of their coming.
        deposits_count: how many deposits it ever had.
        totals: its sums, which outlive the list.
        completed_at: when it was completed, Unix seconds.
    """

    currency: str
    decimals: int
    due_units: int
    net_due_units: int
    tolerated_units: int
    is_fixed_rate: bool
    is_priced_in_coin: bool
    expires_at: float
    updated_at: float
    status: Status = Status.WAITING
    labels: tuple[Label, ...] = ()
    version: int = 1
    deposits: tuple[Deposit, ...] = ()
    deposits_count: int = 0
    totals: Totals = NOTHING
    completed_at: float | None = None

    @property
    def terms(self) -> Terms:
        """The bargain that every credit and reversal follows."""
        return Terms(self.due_units, self.net_due_units)

    @property
    def transaction_hash(self) -> str | None:
        """The transaction of the newest deposit in its own currency that is reckoned with."""
        counting = (d.txid for d in reversed(self.deposits) if d.is_live and self.owns(d))
        return next(counting, None)

    @property
    def history(self) -> tuple[Deposit, ...]:
        """The newest deposits, newest first, as many as the API shows."""
        oldest_first = sorted(self.deposits, key=lambda deposit: deposit.first_seen_at)
        return tuple(oldest_first[::-1][:HISTORY_ROWS])

    def owns(self, deposit: Deposit) -> bool:
        """Whether a deposit came in the currency that was asked for."""
        return deposit.currency == self.currency

    def deposit(self, deposit_id: str) -> Deposit | None:
        """Return a deposit that is on the list."""
        return next((d for d in self.deposits if d.deposit_id == deposit_id), None)

    def dust(self, currency: str) -> tuple[Deposit, ...]:
        """Return the deposits of one currency that wait, each too small, for enough to count together."""
        return tuple(d for d in self.deposits if d.state is DepositState.DUST and d.currency == currency)

    def with_deposit(self, deposit: Deposit) -> "PaymentState":
        """Put a deposit on the list, in place of the same one from before if that is there."""
        if self.deposit(deposit.deposit_id) is None:
            return replace(self, deposits=(*self.deposits, deposit))
        changed = (deposit if d.deposit_id == deposit.deposit_id else d for d in self.deposits)
        return replace(self, deposits=tuple(changed))

    def trimmed(self) -> "PaymentState":
        """Let the oldest closed deposits fall off the list; the journal and the sums keep them."""
        surplus = sum(not d.is_open for d in self.deposits) - CLOSED_KEPT
        if surplus <= 0:
            return self
        falling = {d.deposit_id for d in [d for d in self.deposits if not d.is_open][:surplus]}
        return replace(self, deposits=tuple(d for d in self.deposits if d.deposit_id not in falling))

    def amount_due_now(self, rate_at_creation: Fraction, last_rate: Fraction) -> int:
        """Return what the payment asks for in all at this moment, in the coin's smallest units.

        Fixed: what was frozen at creation. Floating: what has come, and the rest at the last rate; whoever
        sends exactly that rest has paid.

        Args:
            rate_at_creation: coins for one price unit when the payment was made.
            last_rate: coins for one price unit now.
        """
        if self.is_fixed_rate or self.is_priced_in_coin:
            return self.due_units
        rest = max(0, self.due_units - self.totals.counted_units)
        coins = pricing.coins_for(rest, rate_at_creation, last_rate, self.decimals)
        return self.totals.seen_units + coins
