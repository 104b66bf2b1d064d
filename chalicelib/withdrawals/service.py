"""Withdrawals: accepted, looked up, taken back. What happens to them in between is the hot wallets' concern."""

import re

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.chains.records import ChainHeads
from chalicelib.environment import Environment
from chalicelib.errors import InvalidStateError, NotFoundError, ServiceUnavailableError
from chalicelib.ledger.balance import Balance
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.wallets.directory import WalletDirectory
from chalicelib.webhooks.endpoints import check_callback_url
from chalicelib.withdrawals import acceptance, changes, lifecycle, releases, rendering, targets
from chalicelib.withdrawals.acceptance import ATTEMPTS, RETRY_AFTER_SECONDS, Draft
from chalicelib.withdrawals.protection import ProtectionRecord
from chalicelib.withdrawals.quoting import quote
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.refunds import Refund
from chalicelib.withdrawals.schemas import CreateWithdrawal, Withdrawal

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def create_withdrawal(
    env: Environment,
    tenant_id: str,
    asked: CreateWithdrawal,
    key: IdempotencyKey | None,
    refund: Refund | None = None,
) -> Withdrawal:
    """Accept a withdrawal: its fees are fixed, what leaves the account is held, a hot wallet will pay it.

    Args:
        env: the environment.
        tenant_id: the merchant.
        asked: what is asked for.
        key: the request's idempotency key.
        refund: what makes it a refund of a payment.

    Raises:
        InvalidRequestError, InvalidCurrencyError, CurrencyUnavailableError, InvalidUrlError, InvalidAddressError,
        BelowMinimumError, AboveMaximumError, NotFoundError, InsufficientBalanceError, LimitExceededError,
        WithdrawalsFrozenError, AddressNotAllowedError, DuplicateCustomIdError: nothing was changed.
        RatesUnavailableError: an amount in fiat, or a limit in dollars, needs a price that is not fresh.
        ConflictError: what the refund demands of its payment is no longer so.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    quoted = quote(env, tenant_id, asked)
    address = targets.require_target(env, quoted.currency, asked.address, asked.memo)
    if asked.callback_url:
        check_callback_url(env, asked.callback_url)
    if asked.wallet_id:
        env.keep(WalletDirectory).require(tenant_id, asked.wallet_id)
    record = acceptance.accept(env, Draft(tenant_id, quoted, asked, address, refund), key)
    env.queues.wake_payouts(quoted.currency.blockchain)
    return as_created(env, record)


def as_created(env: Environment, record: WithdrawalRecord) -> Withdrawal:
    """Return a withdrawal as it was answered when it was accepted, byte for byte, whatever has become of it."""
    return rendering.shown(env.catalogue, record, rendering.as_created(record), 0)


def as_now(env: Environment, record: WithdrawalRecord, heads: ChainHeads | None) -> Withdrawal:
    """Return a withdrawal as it stands now."""
    blockchain = env.catalogue.by_code(record.currency).blockchain
    height = heads.height_of(blockchain) if heads else 0
    return rendering.shown(env.catalogue, record, rendering.as_stored(record), height)


def find(env: Environment, tenant_id: str, withdrawal_id: str) -> WithdrawalRecord:
    """Return a tenant's withdrawal.

    Raises:
        NotFoundError: it has no such withdrawal.
    """
    _require_id(withdrawal_id)
    record = env.store.get(WithdrawalRecord, keys.withdrawal(tenant_id, withdrawal_id))
    if record is None:
        raise _missing()
    return record


def withdrawal(env: Environment, tenant_id: str, withdrawal_id: str) -> Withdrawal:
    """Return a withdrawal as it stands now: one call, the chain's height included.

    Raises:
        NotFoundError: the tenant has no such withdrawal.
    """
    _require_id(withdrawal_id)
    key = keys.withdrawal(tenant_id, withdrawal_id)
    found = env.store.get_raw([key, keys.chain_heads()])
    if key not in found:
        raise _missing()
    heads = ChainHeads.of_raw(found[keys.chain_heads()]) if keys.chain_heads() in found else None
    return as_now(env, WithdrawalRecord.of_raw(found[key]), heads)


def cancel(env: Environment, tenant_id: str, withdrawal_id: str, key: IdempotencyKey | None = None) -> Withdrawal:
    """Take a withdrawal back that nothing has been signed for: what was held is available again.

    Raises:
        NotFoundError: the tenant has no such withdrawal.
        InvalidStateError: it is too late.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    return as_now(env, _take_back(env, tenant_id, withdrawal_id, None, key), None)


def reject(env: Environment, tenant_id: str, withdrawal_id: str, reason: str) -> WithdrawalRecord:
    """Turn a withdrawal down that nothing has been signed for; the merchant is told the reason.

    Raises:
        NotFoundError: the tenant has no such withdrawal.
        InvalidStateError: it is too late.
    """
    return _take_back(env, tenant_id, withdrawal_id, reason, None)


def _take_back(
    env: Environment, tenant_id: str, withdrawal_id: str, reason: str | None, key: IdempotencyKey | None
) -> WithdrawalRecord:
    # At first as most accounts are: without a debt that what is released would have to repay.
    owes_nothing = True
    for _ in range(ATTEMPTS):
        record, guard = _guarded(env, tenant_id, withdrawal_id)
        supposed = Balance(pending_units=record.held_units) if owes_nothing else None
        change = _decided(record, int(env.clock.now() * 1000), reason)
        guards = [key.guard_write(record.sk)] if key else []
        try:
            released = releases.writes(env, record, guard)
            changes.end(env, record, change, *guards, *released, balance=supposed)
        except ConflictError:  # there is a debt; or a hot wallet, or another change of the balance, was faster
            owes_nothing = False
            continue
        return record
    raise ServiceUnavailableError(
        "This account is too busy at the moment; try again.", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
    )


def _guarded(
    env: Environment, tenant_id: str, withdrawal_id: str
) -> tuple[WithdrawalRecord, ProtectionRecord | None]:
    """Return a withdrawal and what guards its merchant: one call."""
    _require_id(withdrawal_id)
    key, guard_key = keys.withdrawal(tenant_id, withdrawal_id), keys.protection(tenant_id)
    found = env.store.get_raw([key, guard_key])
    if key not in found:
        raise _missing()
    guard = ProtectionRecord.of_raw(found[guard_key]) if guard_key in found else None
    return WithdrawalRecord.of_raw(found[key]), guard


def _decided(record: WithdrawalRecord, at: int, reason: str | None) -> lifecycle.Change:
    try:
        if reason is None:
            return lifecycle.cancel(record.status, record.version, at)
        return lifecycle.reject(record.status, record.version, at, reason)
    except lifecycle.TransitionError:
        raise InvalidStateError(
            f"The withdrawal is {record.status}: only a pending one can be taken back.",
            details={"status": [record.status]},
        ) from None


def is_id(text: str) -> bool:
    """Tell whether a text can be a withdrawal's id at all."""
    return _UUID.fullmatch(text) is not None


def _require_id(withdrawal_id: str) -> None:
    if not is_id(withdrawal_id):
        raise _missing()


def _missing() -> NotFoundError:
    return NotFoundError("There is no such withdrawal.")
