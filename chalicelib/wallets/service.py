"""Wallets: created, looked up, shown with what they have."""

import secrets
from collections.abc import Sequence

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import DuplicateExternalIdError
from chalicelib.ledger import service as ledger
from chalicelib.ledger.accounts import wallet_account
from chalicelib.ledger.service import AccountBalance
from chalicelib.lists.spec import counts_subject
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import create
from chalicelib.wallets.directory import WalletDirectory, unknown_wallet
from chalicelib.wallets.records import ExternalWallet, WalletRecord
from chalicelib.wallets.rows import LIST
from chalicelib.wallets.schemas import CreateWallet, Wallet, WalletBalance

STEP = 32  # new wallets that make it worth while to bring the list's counts up to date
NUMBER_DIGITS = 9  # that an integer id in a path may have, at most
ID_LENGTH = 64


def create_wallet(env: Environment, tenant_id: str, asked: CreateWallet, key: IdempotencyKey | None) -> Wallet:
    """Open a sub-account.

    Args:
        env: the environment.
        tenant_id: the merchant.
        asked: its name, and the merchant's own id of it.
        key: the request's idempotency key.

    Raises:
        DuplicateExternalIdError: another wallet of the tenant has this external id.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    number = env.store.add(keys.wallet_counter(tenant_id), "wallets", 1)
    # The number comes first in the id: wallets lie in the order of their numbers, and so do their balances.
    pk, sk = keys.wallet(tenant_id, f"w_{number:08x}{secrets.token_hex(4)}")
    record = WalletRecord(
        pk=pk,
        sk=sk,
        name=asked.name,
        number=number,
        external_id=asked.external_id,
        created_at=int(env.clock.now()),
    )
    guards = [key.guard_write(sk)] if key else []
    pointers = [_pointer(tenant_id, asked.external_id, sk)] if asked.external_id else []
    taken = DuplicateExternalIdError(
        "Another wallet has this external_id; choose another, or look that wallet up by it.",
        details={"external_id": ["is in use"]},
    )
    env.store.commit(*guards, *(create(pointer, taken) for pointer in pointers), create(record))
    env.keep(WalletDirectory).learn(tenant_id, record)
    if number % STEP == 0:
        env.queues.wake_numbering(tenant_id, counts_subject(LIST))
    return shown(env, record, [])


def by_either_id(env: Environment, tenant_id: str, text: str) -> WalletRecord:
    """Return the wallet that an integer id or a ``wallet_id`` in a path means.

    Raises:
        NotFoundError: the tenant has no such wallet.
    """
    if not 0 < len(text) <= ID_LENGTH:
        raise unknown_wallet("id")
    if not (text.isascii() and text.isdigit()) or text.startswith("0"):
        return env.keep(WalletDirectory).require(tenant_id, text)
    number = int(text) if len(text) <= NUMBER_DIGITS else 0
    numbered = Record.sk.startswith(f"w_{number:08x}")
    found = env.store.query(WalletRecord, keys.wallets(tenant_id), numbered, limit=1)
    if not found.records:
        raise unknown_wallet("id")
    return found.records[0]


def with_balances(env: Environment, tenant_id: str, records: Sequence[WalletRecord]) -> list[Wallet]:
    """Return wallets that follow each other in their list with what each has: one range of keys."""
    if not records:
        return []
    ids = sorted(record.sk for record in records)
    held: dict[str, list[AccountBalance]] = {}
    for balance in ledger.balances_between(env, tenant_id, wallet_account(ids[0]), wallet_account(ids[-1])):
        held.setdefault(balance.account, []).append(balance)
    return [shown(env, record, held.get(wallet_account(record.sk), [])) for record in records]


def shown(env: Environment, record: WalletRecord, balances: Sequence[AccountBalance]) -> Wallet:
    """Return a wallet as the API shows it; nothing about it changes after it was made but what it has."""
    return Wallet(
        id=record.number,
        name=record.name,
        external_id=record.external_id,
        wallet_id=record.sk,
        created=iso(record.created_at),
        updated=iso(record.created_at),
        balances=[_shown_balance(env, balance) for balance in balances],
    )


def _pointer(tenant_id: str, external_id: str, wallet_id: str) -> ExternalWallet:
    pk, sk = keys.external_wallet(tenant_id, external_id)
    return ExternalWallet(pk=pk, sk=sk, wallet_id=wallet_id)


def _shown_balance(env: Environment, record: AccountBalance) -> WalletBalance:
    decimals, balance = env.catalogue.by_code(record.currency).decimals, record.balance
    return WalletBalance(
        currency=record.currency,
        amount=format_units(balance.amount_units, decimals),
        pending_amount=format_units(balance.pending_units, decimals),
        available_balance=format_units(balance.available_units, decimals),
        owed=format_units(balance.owed_units, decimals) if balance.owed_units else None,
    )
