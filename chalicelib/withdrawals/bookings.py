"""The ledger's part of a withdrawal: held when accepted, settled or released at its end; its own journal row."""

from collections.abc import Iterable

from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.currencies.catalogue import Catalogue, UnknownCurrencyError
from chalicelib.environment import Environment
from chalicelib.ledger import accounts, rules
from chalicelib.ledger.balance import Balance, Posting
from chalicelib.ledger.entries import Entry, entries_of
from chalicelib.storage import keys
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import WithdrawalRecord

WITHDRAWAL, REFUND = "withdrawal", "refund"


def kind(record: WithdrawalRecord) -> str:
    """Return what the balance history calls it."""
    return REFUND if record.payment_id else WITHDRAWAL


def hold(record: WithdrawalRecord, balance: Balance) -> Posting:
    """Decide the hold at acceptance.

    Raises:
        OwedError, InsufficientFundsError: it cannot be held.
    """
    return rules.hold(balance, record.account, record.held_units)


def settle(record: WithdrawalRecord, balance: Balance) -> Posting:
    """Decide what leaves the account once the chain has confirmed it."""
    return rules.post_hold(balance, record.account, record.amount, record.platform_fee, record.network_fee)


def release(record: WithdrawalRecord, balance: Balance) -> Posting:
    """Decide what goes back to the account, its debt first, because nothing will ever be paid."""
    return rules.void_hold(balance, record.account, record.held_units)


def gas_code(catalogue: Catalogue, blockchain: str) -> str:
    """Return the code that a blockchain's gas is booked under: its native coin's, in the catalogue or not."""
    native_token = blockchain_by_name(blockchain).native_token
    try:
        return catalogue.by_chain_token(blockchain, native_token).code
    except UnknownCurrencyError:
        is_taken = any(currency.code == native_token for currency in catalogue.all())
        return f"{native_token}{blockchain}" if is_taken else native_token


def gas_decimals(catalogue: Catalogue, code: str) -> int | None:
    """Return the decimals of a code that gas is booked under; None when it is none of these."""
    decimals = {
        gas_code(catalogue, blockchain): blockchain_by_name(blockchain).native_decimals
        for blockchain in dict.fromkeys(currency.blockchain for currency in catalogue.all())
    }
    return decimals.get(code)


def journal_entries(env: Environment, tenant_id: str) -> Iterable[tuple[str, list[Entry]]]:
    """Return the entries that a merchant's withdrawals stand for: the trial balance's reader of them."""
    for record in env.store.query_all(WithdrawalRecord, keys.withdrawals(tenant_id)):
        yield from entries(record)


def entries(record: WithdrawalRecord) -> Iterable[tuple[str, list[Entry]]]:
    """Return the entries of one withdrawal, each with its currency: none while it is under way.

    A move of our own money stays in custody: what it leaves in the books is its gas.
    """
    if record.status == Status.COMPLETED and not record.is_internal:
        yield record.currency, list(settle(record, Balance(pending_units=record.held_units)).entries)
    if record.repaid:
        yield (
            record.currency,
            list(entries_of((record.account, record.repaid), (accounts.RECEIVABLE, -record.repaid))),
        )
    if record.gas and record.gas[1]:
        code, units = record.gas
        yield code, list(rules.spend_gas(units).entries)
