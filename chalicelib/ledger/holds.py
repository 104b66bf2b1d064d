"""Holds: money set aside for a withdrawal, until that is settled or will never be paid."""

from chalicelib.ledger import accounts
from chalicelib.ledger.balance import Balance, BalanceChange, Posting
from chalicelib.ledger.entries import LedgerError, entries_of, sum_of_parts


class HoldError(LedgerError):
    """More would be settled or released than is held."""


def hold(balance: Balance, account: str, units: int) -> Posting:
    """Set money aside for a withdrawal: it stays the account's, and is no longer available.

    Raises:
        UnbalancedError: nothing, or less, is asked for.
        OwedError: the account owes.
        InsufficientFundsError: less is available.
    """
    balance.require_free(units)
    after = balance.moved(available_units=-units, pending_units=units)
    return Posting((), (BalanceChange(account, balance, after),))


def post_hold(
    balance: Balance, account: str, sent_units: int, platform_fee_units: int = 0, network_fee_units: int = 0
) -> Posting:
    """Settle a withdrawal that the chain has confirmed: what was held for it leaves the account.

    Args:
        balance: the merchant account's balance before.
        account: the merchant account's name.
        sent_units: what the recipient got.
        platform_fee_units: the platform's fee.
        network_fee_units: what the merchant pays for the network, as fixed at acceptance; the platform's gas
            is booked by :func:`spend_gas`, and the difference between the two is the platform's.

    Raises:
        UnbalancedError: one of the parts is negative, or all are nothing.
        HoldError: less than their sum is held.
    """
    held_units = sum_of_parts(sent_units, platform_fee_units, network_fee_units)
    _require_held(balance, held_units)
    after = balance.moved(pending_units=-held_units, fees_taken_units=platform_fee_units)
    return Posting(
        entries_of(
            (account, held_units),
            (accounts.CUSTODY, -sent_units),
            (accounts.FEES, -platform_fee_units),
            (accounts.NETWORK_EXPENSE, -network_fee_units),
        ),
        (BalanceChange(account, balance, after),),
    )


def void_hold(balance: Balance, account: str, units: int) -> Posting:
    """Release what was held for a withdrawal that will never be paid; what the account owes is repaid first.

    Raises:
        UnbalancedError: nothing, or less, is to be released.
        HoldError: less is held.
    """
    sum_of_parts(units)
    _require_held(balance, units)
    repaid_units = balance.repayment_units(units)
    after = balance.moved(pending_units=-units).received(units)
    return Posting(
        entries_of((account, repaid_units), (accounts.RECEIVABLE, -repaid_units)),
        (BalanceChange(account, balance, after),),
    )


def _require_held(balance: Balance, units: int) -> None:
    if balance.pending_units < units:
        raise HoldError(f"{units} units are to leave the hold, {balance.pending_units} are held")
