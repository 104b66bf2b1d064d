"""The accounts of the ledger: what the platform has, what it owes to whom, and what it earns."""

# Assets and costs, whose balances are debits (positive): coins held, what merchants owe, gas spent.
CUSTODY = "custody"
RECEIVABLE = "receivable"
NETWORK_EXPENSE = "network_expense"

# Debts to merchants and income, whose balances are credits (negative).
MASTER = "master"
FEES = "fees"
DUST = "dust"

WALLET_PREFIX = "wallet:"


def wallet_account(wallet_id: str) -> str:
    """Return the account of a sub-account's money."""
    return f"{WALLET_PREFIX}{wallet_id}"


def holder_account(wallet_id: str | None) -> str:
    """Return the account that money for this wallet goes to: without one, the master's."""
    return wallet_account(wallet_id) if wallet_id else MASTER


def is_holder(account: str) -> bool:
    """Tell whether an account is a merchant's money, with a balance of its own."""
    return account == MASTER or account.startswith(WALLET_PREFIX)
