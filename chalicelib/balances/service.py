"""What a tenant has: every account in every currency, and the history of each account."""

from collections import defaultdict

from chalicelib.balances.schemas import (
    AccountBalance,
    Balances,
    Statistics,
    SubAccountBalance,
    SubAccountsBalance,
)
from chalicelib.environment import Environment
from chalicelib.ledger import service as ledger
from chalicelib.ledger.accounts import MASTER, WALLET_PREFIX
from chalicelib.ledger.records import BalanceRecord
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.wallets.records import WalletRecord

LISTED_ACCOUNTS = 1_000


def balances(env: Environment, tenant_id: str) -> Balances:
    """Return all balances of a tenant, the master's and its sub-accounts'."""
    master: dict[str, AccountBalance] = {}
    wallets: defaultdict[str, list[BalanceRecord]] = defaultdict(list)
    for record in ledger.balances(env, tenant_id):
        if record.account == MASTER:
            master[record.currency] = _shown(env, record)
        else:
            wallets[record.currency].append(record)
    sub_accounts = {currency: _sub_accounts(env, tenant_id, records) for currency, records in wallets.items()}
    holders = {record.account for records in wallets.values() for record in records}
    counts = Statistics(currencies_count=len(master.keys() | wallets.keys()), subaccounts_count=len(holders))
    return Balances(account=master, sub_accounts=sub_accounts, statistics=counts)


def _sub_accounts(env: Environment, tenant_id: str, records: list[BalanceRecord]) -> SubAccountsBalance:
    decimals = env.catalogue.by_code(records[0].currency).decimals
    listed = records[:LISTED_ACCOUNTS]
    names = _names(env, tenant_id, [_wallet_id(record) for record in listed])
    return SubAccountsBalance(
        total_amount=format_units(sum(record.balance.amount_units for record in records), decimals),
        total_pending=format_units(sum(record.pending for record in records), decimals),
        accounts=[_shown_sub_account(env, record, names) for record in listed],
    )


def _shown(env: Environment, record: BalanceRecord) -> AccountBalance:
    decimals = env.catalogue.by_code(record.currency).decimals
    return AccountBalance(
        amount=format_units(record.balance.amount_units, decimals),
        pending_amount=format_units(record.pending, decimals),
        available_balance=format_units(record.available, decimals),
        owed=format_units(record.owed, decimals) if record.owed else None,
    )


def _shown_sub_account(env: Environment, record: BalanceRecord, names: dict[str, str]) -> SubAccountBalance:
    shown, wallet_id = _shown(env, record), _wallet_id(record)
    return SubAccountBalance(
        account_name=names.get(wallet_id, wallet_id),
        account_id=wallet_id,
        amount=shown.amount,
        pending_amount=shown.pending_amount,
        available_balance=shown.available_balance,
        owed=shown.owed,
    )


def _wallet_id(record: BalanceRecord) -> str:
    return record.account.removeprefix(WALLET_PREFIX)


def _names(env: Environment, tenant_id: str, wallet_ids: list[str]) -> dict[str, str]:
    wanted = [keys.wallet(tenant_id, wallet_id) for wallet_id in wallet_ids]
    return {key.sk: wallet.name for key, wallet in env.store.get_many(WalletRecord, wanted).items()}
