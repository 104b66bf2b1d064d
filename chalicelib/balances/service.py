"""What a tenant has: every account in every currency, and the history of each account."""

from collections import defaultdict

from chalicelib.balances import schemas
from chalicelib.balances.schemas import Balances, Statistics, SubAccountBalance, SubAccountsBalance
from chalicelib.environment import Environment
from chalicelib.ledger import service as ledger
from chalicelib.ledger.accounts import MASTER, WALLET_PREFIX
from chalicelib.ledger.service import AccountBalance
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.wallets.records import WalletRecord
from chalicelib.wallets.rows import wallet_rows

LISTED_ACCOUNTS = 1_000


def balances(env: Environment, tenant_id: str) -> Balances:
    """Return all balances of a tenant, the master's and its sub-accounts'."""
    master: dict[str, schemas.AccountBalance] = {}
    wallets: defaultdict[str, list[AccountBalance]] = defaultdict(list)
    for record in ledger.balances(env, tenant_id):
        if record.account == MASTER:
            master[record.currency] = _shown(env, record)
        else:
            wallets[record.currency].append(record)
    sub_accounts = {currency: _sub_accounts(env, tenant_id, records) for currency, records in wallets.items()}
    existing = reading.page(env, wallet_rows(tenant_id), Asked(limit=1)).total  # with money or without
    counts = Statistics(currencies_count=len(master.keys() | wallets.keys()), subaccounts_count=existing)
    return Balances(account=master, sub_accounts=sub_accounts, statistics=counts)


def _sub_accounts(env: Environment, tenant_id: str, records: list[AccountBalance]) -> SubAccountsBalance:
    decimals = env.catalogue.by_code(records[0].currency).decimals
    listed = records[:LISTED_ACCOUNTS]
    names = _names(env, tenant_id, [_wallet_id(record) for record in listed])
    return SubAccountsBalance(
        total_amount=format_units(sum(record.balance.amount_units for record in records), decimals),
        total_pending=format_units(sum(record.balance.pending_units for record in records), decimals),
        accounts=[_shown_sub_account(env, record, names) for record in listed],
    )


def _shown(env: Environment, record: AccountBalance) -> schemas.AccountBalance:
    decimals = env.catalogue.by_code(record.currency).decimals
    balance = record.balance
    return schemas.AccountBalance(
        amount=format_units(balance.amount_units, decimals),
        pending_amount=format_units(balance.pending_units, decimals),
        available_balance=format_units(balance.available_units, decimals),
        owed=format_units(balance.owed_units, decimals) if balance.owed_units else None,
    )


def _shown_sub_account(env: Environment, record: AccountBalance, names: dict[str, str]) -> SubAccountBalance:
    shown, wallet_id = _shown(env, record), _wallet_id(record)
    return SubAccountBalance(
        account_name=names.get(wallet_id, wallet_id),
        account_id=wallet_id,
        amount=shown.amount,
        pending_amount=shown.pending_amount,
        available_balance=shown.available_balance,
        owed=shown.owed,
    )


def _wallet_id(record: AccountBalance) -> str:
    return record.account.removeprefix(WALLET_PREFIX)


def _names(env: Environment, tenant_id: str, wallet_ids: list[str]) -> dict[str, str]:
    wanted = [keys.wallet(tenant_id, wallet_id) for wallet_id in wallet_ids]
    return {key.sk: wallet.name for key, wallet in env.store.get_many(WalletRecord, wanted).items()}
