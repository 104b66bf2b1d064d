"""The rules of the ledger: what each kind of movement does to accounts and balances. Pure: nothing is stored here.

All amounts are in the smallest units of one currency. Three rules hold after every posting: entries add up to
zero; nothing available, held or owed is negative; whoever owes has nothing available.
"""

from chalicelib.ledger import accounts
from chalicelib.ledger.balance import Balance, BalanceChange, InsufficientFundsError, OwedError, Posting
from chalicelib.ledger.entries import LedgerError, UnbalancedError, entries_of, sum_of_parts
from chalicelib.ledger.holds import HoldError, hold, post_hold, void_hold

__all__ = [
    "Balance",
    "BalanceChange",
    "HoldError",
    "InsufficientFundsError",
    "LedgerError",
    "OwedError",
    "Posting",
    "UnbalancedError",
    "adjust",
    "credit",
    "hold",
    "post_hold",
    "reverse",
    "spend_gas",
    "transfer",
    "void_hold",
]


def credit(balance: Balance, account: str, gross_units: int, net_units: int, dust_units: int = 0) -> Posting:
    """Book money that arrived on the chain; what the account owes is repaid first.

    Args:
        balance: the merchant account's balance before.
        account: the merchant account's name.
        gross_units: all that arrived.
        net_units: the merchant's part.
        dust_units: the part below what the API can show; what then remains of the gross is the fee.

    Raises:
        UnbalancedError: the parts are more than the whole, or one is negative.
    """
    fee_units = _fee(gross_units, net_units, dust_units)
    repaid_units = balance.repayment_units(net_units)
    after = balance.received(net_units).moved(fees_taken_units=fee_units)
    return Posting(
        entries_of(
            (accounts.CUSTODY, gross_units),
            (account, repaid_units - net_units),
            (accounts.RECEIVABLE, -repaid_units),
            (accounts.FEES, -fee_units),
            (accounts.DUST, -dust_units),
        ),
        (BalanceChange(account, balance, after),),
    )


def reverse(balance: Balance, account: str, gross_units: int, net_units: int, dust_units: int = 0) -> Posting:
    """Take back money that a reorganised chain took away.

    It takes what is available; holds are never broken; the rest becomes owed. Fee and dust are given back.

    Args:
        balance: the merchant account's balance before.
        account: the merchant account's name.
        gross_units: all that is gone from the chain.
        net_units: the merchant's part of it.
        dust_units: the dust account's part; what then remains of the gross is the fee.

    Raises:
        UnbalancedError: the parts are more than the whole, or one is negative.
    """
    fee_units = _fee(gross_units, net_units, dust_units)
    taken_units = min(net_units, balance.available_units)
    owed_units = net_units - taken_units
    after = balance.moved(available_units=-taken_units, owed_units=owed_units, fees_taken_units=-fee_units)
    return Posting(
        entries_of(
            (accounts.CUSTODY, -gross_units),
            (account, taken_units),
            (accounts.RECEIVABLE, owed_units),
            (accounts.FEES, fee_units),
            (accounts.DUST, dust_units),
        ),
        (BalanceChange(account, balance, after),),
    )


def transfer(source: Balance, source_account: str, target: Balance, target_account: str, units: int) -> Posting:
    """Move money between a merchant's own accounts; what the receiving one owes is repaid first.

    Raises:
        LedgerError: both accounts are the same one.
        UnbalancedError: nothing, or less, is to be moved.
        OwedError: the giving account owes.
        InsufficientFundsError: it has less available.
    """
    if source_account == target_account:
        raise LedgerError("a transfer needs two accounts")
    source.require_free(units)
    repaid_units = target.repayment_units(units)
    return Posting(
        entries_of(
            (source_account, units),
            (target_account, repaid_units - units),
            (accounts.RECEIVABLE, -repaid_units),
        ),
        (
            BalanceChange(source_account, source, source.moved(available_units=-units)),
            BalanceChange(target_account, target, target.received(units)),
        ),
    )


def adjust(balance: Balance, account: str, units: int) -> Posting:
    """Correct an account by hand, up or down, against what is in custody.

    Args:
        balance: the merchant account's balance before.
        account: the merchant account's name.
        units: signed; up repays first what the account owes.

    Raises:
        UnbalancedError: it is a correction by nothing.
        OwedError: it goes down and the account owes.
        InsufficientFundsError: it goes down and less is available.
    """
    if units > 0:
        return credit(balance, account, units, units)
    balance.require_free(-units)
    after = balance.moved(available_units=units)
    return Posting(
        entries_of((account, -units), (accounts.CUSTODY, units)), (BalanceChange(account, balance, after),)
    )


def spend_gas(units: int) -> Posting:
    """Book what the chain took for a transaction of ours, in its native coin; no merchant bears it here.

    Raises:
        UnbalancedError: it took nothing, or less.
    """
    sum_of_parts(units)
    return Posting(entries_of((accounts.NETWORK_EXPENSE, units), (accounts.CUSTODY, -units)), ())


def _fee(gross_units: int, net_units: int, dust_units: int) -> int:
    fee_units = gross_units - net_units - dust_units
    sum_of_parts(net_units, dust_units, fee_units)
    return fee_units
