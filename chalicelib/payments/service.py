"""Payments: created, looked up. What happens to them afterwards is in ``deposit_work`` and ``expiry``."""

from dataclasses import dataclass
from fractions import Fraction

from chalicelib import ids, money
from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.chains.records import ChainHeads
from chalicelib.currencies import service as currencies
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import (
    AboveMaximumError,
    BelowMinimumError,
    CurrencyUnavailableError,
    InvalidCurrencyError,
    InvalidRequestError,
    NotFoundError,
)
from chalicelib.lists.spec import counts_subject, is_row_id
from chalicelib.payments import pricing, rendering
from chalicelib.payments.addresses import AddressLeases
from chalicelib.payments.records import FEE_PAID_BY_USER, FIXED_RATE, PRICED_IN_COIN, AddressPointer, PaymentRecord
from chalicelib.payments.rows import LIST, is_looked_at, own_order_id
from chalicelib.payments.schemas import CreatePayment, Payment
from chalicelib.payments.statuses import Status
from chalicelib.payments.steps import last_rate
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.settings import TenantSettings, settings_of
from chalicelib.wallets.directory import WalletDirectory
from chalicelib.webhooks.endpoints import check_callback_url


@dataclass(frozen=True, slots=True)
class _Price:
    """A price as asked for, in the price currency's smallest units."""

    currency: str
    units: int
    decimals: int
    rate: Fraction
    usd_cents: int | None


def create_payment(env: Environment, tenant_id: str, asked: CreatePayment, key: IdempotencyKey | None) -> Payment:
    """Create a payment on a fresh address.

    Args:
        env: the environment.
        tenant_id: the merchant.
        asked: what is asked for.
        key: the request's idempotency key.

    Raises:
        InvalidRequestError, InvalidCurrencyError, CurrencyUnavailableError, InvalidUrlError, BelowMinimumError,
        AboveMaximumError, NotFoundError: nothing was created.
        RatesUnavailableError: no fresh price for a currency that needs one.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    currency = currencies.resolve(env, asked.currency, asked.blockchain, asked.token)
    if not currency.deposit_enabled:
        raise CurrencyUnavailableError(f"{currency.code} takes no payments at the moment.")
    if asked.callback_url:
        check_callback_url(env, asked.callback_url)
    if asked.wallet_id:
        env.keep(WalletDirectory).require(tenant_id, asked.wallet_id)
    record = _record(env, settings_of(env, tenant_id), asked, currency, _price(env, asked, currency))
    pk, sk = keys.address(currency.family, record.address)
    pointer = AddressPointer(pk=pk, sk=sk, tenant_id=tenant_id, payment_id=record.sk, index=record.address_index)
    guards = [key.guard_write(record.sk)] if key else []
    env.store.commit(*guards, create(record), create(pointer))
    if is_looked_at(record.address_index):
        env.queues.wake_numbering(tenant_id, counts_subject(LIST))
    return as_created(env, record)


def as_created(env: Environment, record: PaymentRecord) -> Payment:
    """Return a payment as it was answered when it was created, byte for byte, whatever has become of it."""
    decimals = env.catalogue.by_code(record.currency).decimals
    state = record.state_of(decimals, Status.WAITING, 1, None)
    return rendering.shown(env.catalogue, record, state, 0, None)


def find(env: Environment, tenant_id: str, payment_id: str) -> PaymentRecord:
    """Return a tenant's payment.

    Raises:
        NotFoundError: it has no such payment.
    """
    record = env.store.get(PaymentRecord, keys.payment(tenant_id, payment_id)) if is_row_id(payment_id) else None
    if record is None:
        raise NotFoundError("There is no such payment.")
    return record


def payment(env: Environment, tenant_id: str, payment_id: str) -> Payment:
    """Return a payment as it stands now: one call, the chain's height included.

    Raises:
        NotFoundError: the tenant has no such payment.
    """
    key = keys.payment(tenant_id, payment_id)
    found = env.store.get_raw([key, keys.chain_heads()])
    if key not in found or not is_row_id(payment_id):
        raise NotFoundError("There is no such payment.")
    heads = ChainHeads.of_raw(found[keys.chain_heads()]) if keys.chain_heads() in found else None
    return as_now(env, PaymentRecord.of_raw(found[key]), heads)


def as_now(env: Environment, record: PaymentRecord, heads: ChainHeads | None) -> Payment:
    """Return a payment as it stands now."""
    currency = env.catalogue.by_code(record.currency)
    height = heads.height_of(currency.blockchain) if heads else 0
    return rendering.shown(env.catalogue, record, record.state(currency.decimals), height, last_rate(env, record))


def _price(env: Environment, asked: CreatePayment, currency: Currency) -> _Price:
    try:
        priced_in = env.catalogue.by_code_or_fiat(asked.price_currency)
    except ValueError as error:
        raise InvalidCurrencyError(str(error), details={"price_currency": [str(error)]}) from None
    try:
        units = money.parse_units(asked.amount, priced_in.decimals)
    except money.InvalidAmountError as error:
        raise _invalid_amount(str(error)) from None
    if units == 0:
        raise _invalid_amount("must be more than zero")
    if priced_in.code == currency.code:
        return _Price(priced_in.code, units, priced_in.decimals, Fraction(1), None)
    exact = currencies.rate(env, priced_in.code, currency.code)
    # The rate that is shown is the rate that is used: anyone can check the amount due.
    rate = Fraction(money.format_rate(exact))
    dollars = Fraction(units, 10**priced_in.decimals) * currencies.rate(env, priced_in.code, "USD", is_fixed=False)
    return _Price(
        priced_in.code, units, priced_in.decimals, rate, money.floor_to(dollars * 100 + Fraction(1, 2), 1)
    )


def _record(
    env: Environment, tenant: TenantSettings, asked: CreatePayment, currency: Currency, price: _Price
) -> PaymentRecord:
    paid_by_user = tenant.is_fee_paid_by_user if asked.is_fee_paid_by_user is None else asked.is_fee_paid_by_user
    terms = pricing.quote(
        price.units, price.decimals, price.rate, currency.decimals, tenant.transaction_fee_percent, paid_by_user
    )
    _check_limits(terms.due_units, currency)
    index, address = env.keep(AddressLeases).fresh(currency.family)
    now = int(env.clock.now() * 1000)
    payment_id = ids.uuid7(now / 1000)
    expires_at = now + asked.expiry_minutes * 60_000
    pk, sk = keys.payment(tenant.tenant_id, payment_id)
    return PaymentRecord(
        pk=pk,
        sk=sk,
        expiry_bucket=keys.expiry_bucket(expires_at / 1000),
        currency=currency.code,
        status=Status.WAITING.value,
        version=1,
        price_units=price.units,
        price_currency=price.currency,
        due=terms.due_units,
        net_due=terms.net_due_units,
        tolerated=pricing.tolerated_units(terms.due_units, tenant.tolerance_percent),
        rate=money.format_rate(price.rate),
        usd_cents=price.usd_cents,
        flags=asked.is_fixed_rate * FIXED_RATE
        | (price.usd_cents is None) * PRICED_IN_COIN
        | paid_by_user * FEE_PAID_BY_USER,
        address=address,
        address_index=index,
        order_id=asked.order_id or own_order_id(payment_id),
        lk=keys.payments_by_order(tenant.tenant_id, asked.order_id) if asked.order_id else None,
        lv=payment_id if asked.order_id else None,
        order_description=asked.order_description,
        customer_email=asked.customer_email,
        wallet_id=asked.wallet_id,
        callback_url=asked.callback_url,
        created_at=now,
        expires_at=expires_at,
    )


def _check_limits(due_units: int, currency: Currency) -> None:
    least, most = currency.deposit_min_units, currency.deposit_max_units
    if due_units < least:
        bound = money.format_units(least, currency.decimals)
        details = {"amount": [f"must come to at least {bound} {currency.code}"]}
        raise BelowMinimumError(f"A payment in {currency.code} is at least {bound}.", details=details)
    if due_units > most:
        bound = money.format_units(most, currency.decimals)
        details = {"amount": [f"must come to at most {bound} {currency.code}"]}
        raise AboveMaximumError(f"A payment in {currency.code} is at most {bound}.", details=details)


def _invalid_amount(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"The amount {problem}.", details={"amount": [problem]})
