"""Transfers: accepted here with one write, carried out by ``draining``."""

from chalicelib import ids, money
from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.currencies import service as currencies
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import InsufficientBalanceError, InvalidRequestError
from chalicelib.ledger import book
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.records import BalanceRecord
from chalicelib.lists.spec import is_row_id
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.settings import settings_of
from chalicelib.transfers.busy import BusyLanes
from chalicelib.transfers.records import PENDING, TransferRecord, part_of
from chalicelib.transfers.schemas import TransferAccepted, TransferRequest
from chalicelib.wallets.directory import WalletDirectory, unknown_wallet
from chalicelib.wallets.records import WalletRecord, number_of
from chalicelib.webhooks.endpoints import check_callback_url


def accept(
    env: Environment, tenant_id: str, kind: str, asked: TransferRequest, key: IdempotencyKey | None
) -> TransferAccepted:
    """Accept a transfer: it is carried out in its turn, after the answer.

    Args:
        env: the environment.
        tenant_id: the merchant.
        kind: to_sub or to_master.
        asked: the wallet, the currency and the amount.
        key: the request's idempotency key.

    Raises:
        InvalidRequestError, InvalidCurrencyError, InvalidUrlError, NotFoundError: nothing was accepted.
        InsufficientBalanceError: the giving account has plainly too little as it stands.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    currency = currencies.resolve(env, asked.currency, None, None)
    units = _units(asked, currency)
    if asked.callback_url:
        check_callback_url(env, asked.callback_url)
    wallet_id = env.keep(WalletDirectory).id_meant(tenant_id, asked.wallet_id, asked.external_id)
    record = waiting(env, tenant_id, kind, wallet_id, currency.code, units, asked.callback_url)
    _require_plausible(_balance_of_source(env, tenant_id, record), record, currency)
    part = part_of(record.sk)
    env.keep(BusyLanes).note(tenant_id, part)
    env.store.commit(*([key.guard_write(record.sk)] if key else []), create(record))
    env.queues.wake_transfers(tenant_id, part, record.sk)
    return accepted(record.sk)


def waiting(
    env: Environment, tenant_id: str, kind: str, wallet_id: str, code: str, units: int, callback_url: str | None
) -> TransferRecord:
    """Return a transfer that waits for its turn; its id says in which part of the master account."""
    # One wallet's transfers lie in one part, so their order is kept whatever number of parts there is; by the
    # wallet's number, so that a merchant who pays all its users gives each part the same work.
    parts = settings_of(env, tenant_id).balance_parts
    part = number_of(wallet_id) % parts if parts > 1 else 0
    now = int(env.clock.now() * 1000)
    transfer_id = f"t_{ids.uuid7(now / 1000).replace('-', '')}{part:x}"
    pk, sk = keys.transfer(tenant_id, part, transfer_id)
    return TransferRecord(
        pk=pk,
        sk=sk,
        lk=keys.transfers_of_wallet(tenant_id, wallet_id),
        lv=sk,
        status=PENDING,
        kind=kind,
        wallet_id=wallet_id,
        currency=code,
        units=units,
        callback_url=callback_url,
        created_at=now,
    )


def accepted(transfer_id: str) -> TransferAccepted:
    """Return the answer to an accepted transfer."""
    return TransferAccepted(
        status="accepted",
        transfer_id=transfer_id,
        message="Transfer request accepted and is being processed",
    )


def _balance_of_source(env: Environment, tenant_id: str, record: TransferRecord) -> Balance:
    """Read what the giving account has; a wallet that this process has not seen yet, in the same call.

    Raises:
        NotFoundError: there is no such wallet.
    """
    directory, wallet_id = env.keep(WalletDirectory), record.wallet_id
    if directory.knows(tenant_id, wallet_id):
        return book.read_balance(env.store, tenant_id, record.source, record.currency)
    parts = settings_of(env, tenant_id).balance_parts if record.source == MASTER else 1
    named = [keys.balance(tenant_id, record.source, record.currency, part) for part in range(parts)]
    wallet = keys.wallet(tenant_id, wallet_id)
    found = env.store.get_raw([wallet, *named])
    if wallet not in found or not is_row_id(wallet_id):
        raise unknown_wallet("wallet_id")
    directory.learn(tenant_id, WalletRecord.of_raw(found[wallet]))
    return book.balance_of(BalanceRecord.of_raw(found[key]) for key in named if key in found)


def _require_plausible(balance: Balance, record: TransferRecord, currency: Currency) -> None:
    """Refuse at once what the account as it stands cannot bear; what waits before it is not counted."""
    if balance.owed_units or balance.available_units < record.units:
        available = money.format_units(0 if balance.owed_units else balance.available_units, currency.decimals)
        raise InsufficientBalanceError(
            f"The account has {available} {currency.code} available.",
            details={"amount": [f"must come to at most {available} {currency.code}"]},
        )


def _units(asked: TransferRequest, currency: Currency) -> int:
    try:
        units = money.parse_units(asked.amount, currency.decimals)
    except money.InvalidAmountError as error:
        raise _invalid_amount(str(error)) from None
    if not units:
        raise _invalid_amount("must be more than zero")
    return units


def _invalid_amount(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"The amount {problem}.", details={"amount": [problem]})
