"""Accepting a withdrawal: one transaction holds the money and takes its part of all that bounds withdrawals.

The hold is tried without reading the balance, on the condition that so much is there and nothing is owed; only an
account that has less where it was looked for is read. What guards the merchant is taken as seen last, and the
transaction brings what it is when that is old. So the usual withdrawal costs one call, and a refusal rests on what
was read just now.
"""

from dataclasses import dataclass
from typing import NoReturn

from chalicelib import ids
from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import (
    InsufficientBalanceError,
    LimitExceededError,
    ServiceUnavailableError,
    WithdrawalsFrozenError,
)
from chalicelib.ledger import book, rules
from chalicelib.ledger.balance import Balance
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, Write, create
from chalicelib.withdrawals import allow_list, bookings, custom_ids, protection
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.protection import ProtectionRecord, Protections, StaleProtectionError
from chalicelib.withdrawals.quoting import Quote, usd_cents
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord
from chalicelib.withdrawals.refunds import Refund
from chalicelib.withdrawals.rendering import ACCEPTED_VERSION
from chalicelib.withdrawals.schemas import CreateWithdrawal

ATTEMPTS = 10
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A withdrawal that has passed all that needs no look at what is stored.

    Attributes:
        tenant_id: the merchant.
        quote: its terms.
        asked: what was asked for.
        address: where it goes, in its canonical spelling.
        refund: the payment that it refunds, if it does.
    """

    tenant_id: str
    quote: Quote
    asked: CreateWithdrawal
    address: str
    refund: Refund | None = None

    @property
    def currency(self) -> Currency:
        """What it is in."""
        return self.quote.currency


class _NotAtOnceError(Exception):
    """So much is not there, or something is owed, where the hold was tried without a look."""


def accept(env: Environment, draft: Draft, key: IdempotencyKey | None) -> WithdrawalRecord:
    """Commit a withdrawal with its hold.

    Raises:
        WithdrawalsFrozenError, AddressNotAllowedError, LimitExceededError, InsufficientBalanceError,
        DuplicateCustomIdError, RatesUnavailableError: nothing was changed.
        ConflictError: what a refund demands of its payment is no longer so.
        AlreadyAnsweredError: a twin with the same key was faster.
        ServiceUnavailableError: others were faster again and again.
    """
    guards, balance = _Guards(env, draft), None
    for _ in range(ATTEMPTS):
        seen = guards.passed()
        record = _record(draft, seen, guards)
        try:
            env.store.commit(*_writes(draft, record, seen, guards, balance, key))
        except StaleProtectionError as stale:
            guards.saw(stale.record)
        except _NotAtOnceError:
            balance = book.read_balance(env.store, draft.tenant_id, record.account, record.currency)
        else:
            guards.took()
            return record
    raise ServiceUnavailableError(
        "This account is too busy at the moment; try again, with the same Idempotency-Key.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


class _Guards:
    """What guards the merchant as far as this request knows; a refusal rests on what was read during it."""

    def __init__(self, env: Environment, draft: Draft) -> None:
        self._env, self._draft = env, draft
        self._seen = env.keep(Protections).seen(draft.tenant_id)
        self._is_fresh = self._seen is None  # nothing known refuses nothing
        self.now = env.clock.now()
        self.cents: int | None = None

    def saw(self, record: ProtectionRecord | None) -> None:
        """Take note of what the commit brought back."""
        self._env.keep(Protections).saw(self._draft.tenant_id, record)
        self._seen, self._is_fresh = record, True

    def took(self) -> None:
        """Take note of what the commit has used."""
        left = protection.after_use(self._seen, self.cents or 0, self.now)
        self._env.keep(Protections).saw(self._draft.tenant_id, left)

    def passed(self) -> ProtectionRecord | None:
        """Return what guards the merchant, once the withdrawal has passed it.

        Raises:
            WithdrawalsFrozenError, LimitExceededError, RatesUnavailableError: it has not.
        """
        try:
            self._require()
        except (WithdrawalsFrozenError, LimitExceededError):
            if self._is_fresh:
                raise
            self.saw(protection.read(self._env, self._draft.tenant_id))
            self._require()
        return self._seen

    def _require(self) -> None:
        in_dollars = self._seen is not None and self._seen.limits.in_dollars
        if in_dollars and self.cents is None:
            terms = self._draft.quote.terms
            self.cents = usd_cents(self._env, self._draft.currency, terms.requested_units)
        protection.require_room(self._seen, self.cents or 0, self.now)


def _writes(
    draft: Draft,
    record: WithdrawalRecord,
    seen: ProtectionRecord | None,
    guards: _Guards,
    balance: Balance | None,
    key: IdempotencyKey | None,
) -> list[Write]:
    tenant_id, currency, now = draft.tenant_id, draft.currency, guards.now
    pk, sk = keys.open_payout(currency.blockchain, record.sk)
    return [
        *([key.guard_write(record.sk)] if key else []),
        *([custom_ids.claim(tenant_id, record.custom_id, record.sk)] if record.custom_id else []),
        *(draft.refund.writes if draft.refund else ()),
        protection.use_write(tenant_id, seen, guards.cents or 0, now),
        *_allowed(draft, seen, now),
        *_hold(draft, record, balance),
        create(record),
        create(OpenPayout(pk=pk, sk=sk, tenant_id=tenant_id)),
    ]


def _allowed(draft: Draft, seen: ProtectionRecord | None, now: float) -> list[Write]:
    if seen is None or not seen.has_allow_list:
        return []
    return [allow_list.allowed_check(draft.tenant_id, draft.currency.family, draft.address, now)]


def _hold(draft: Draft, record: WithdrawalRecord, balance: Balance | None) -> list[Write]:
    """Return the writes of the hold: on the balance as read, or else on the bare demand that it has so much."""
    supposed = balance or Balance(available_units=record.held_units)
    try:
        posting = bookings.hold(record, supposed)
        return book.posting_writes(draft.tenant_id, record.currency, posting, _NotAtOnceError())
    except ConflictError as torn:  # an account in parts, read while money moved between them
        raise _NotAtOnceError from torn
    except (rules.OwedError, rules.InsufficientFundsError):
        _refuse(draft, record, supposed)


def _refuse(draft: Draft, record: WithdrawalRecord, balance: Balance) -> NoReturn:
    code, decimals = draft.currency.code, draft.currency.decimals
    if balance.owed_units:
        owed = format_units(balance.owed_units, decimals)
        raise InsufficientBalanceError(
            f"The account owes {owed} {code} from a reversed deposit: nothing can leave before that is repaid.",
            details={"amount": [f"{owed} {code} are owed"]},
        )
    available, held = format_units(balance.available_units, decimals), format_units(record.held_units, decimals)
    raise InsufficientBalanceError(
        f"The account has {available} {code} available, and {held} would leave it.",
        details={"amount": [f"comes to {held} {code} with its fees; {available} are available"]},
    )


def _record(draft: Draft, seen: ProtectionRecord | None, guards: _Guards) -> WithdrawalRecord:
    asked, terms, now = draft.asked, draft.quote.terms, guards.now
    day = protection.used_day(seen, now)
    withdrawal_id = ids.uuid7(now)
    pk, sk = keys.withdrawal(draft.tenant_id, withdrawal_id)
    return WithdrawalRecord(
        pk=pk,
        sk=sk,
        currency=draft.currency.code,
        status=Status.PENDING.value,
        version=ACCEPTED_VERSION,
        requested=terms.requested_units,
        amount=terms.amount_units,
        platform_fee=terms.platform_fee_units,
        network_fee=terms.network_fee_units,
        wallet_id=asked.wallet_id,
        address=draft.address,
        memo=asked.memo,
        custom_id=asked.custom_id,
        callback_url=asked.callback_url,
        payment_id=draft.refund.payment_id if draft.refund else None,
        created_at=int(now * 1000),
        updated_at=int(now * 1000),
        is_final_amount=int(asked.final_amount),
        lk=keys.withdrawals_by_amount(draft.tenant_id, draft.currency.code),
        lv=f"{terms.amount_units:040d}#{withdrawal_id}",
        usd_cents=guards.cents if day is not None else None,
        limit_day=day,
    )
