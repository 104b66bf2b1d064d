"""A payment as the API and the events show it."""

from fractions import Fraction

from chalicelib.chains.payment_uri import payment_uri
from chalicelib.clock import iso
from chalicelib.currencies.catalogue import Catalogue
from chalicelib.money import FIAT_DECIMALS, format_fiat, format_units
from chalicelib.payments import pricing
from chalicelib.payments.deposits import Deposit
from chalicelib.payments.records import FEE_PAID_BY_USER, PaymentRecord
from chalicelib.payments.schemas import Payment, PaymentDeposit
from chalicelib.payments.state import PaymentState


def shown(
    catalogue: Catalogue, record: PaymentRecord, state: PaymentState, head_height: int, last_rate: Fraction | None
) -> Payment:
    """Return a payment as it is shown.

    Args:
        catalogue: the currencies.
        record: the payment's item, for what never changes.
        state: what changes, as of the moment that is shown.
        head_height: the chain's height at that moment; confirmations are counted from it.
        last_rate: coins for one price unit, for a floating rate's amount; None shows the rate at creation.
    """
    currency = catalogue.by_code(record.currency)
    rate = Fraction(record.rate)
    amount = state.amount_due_now(rate, last_rate or rate)
    rest = max(0, amount - state.totals.seen_units) or amount
    return Payment(
        transaction_id=record.sk,
        status=state.status.value,
        labels=[label.value for label in state.labels],
        version=state.version,
        amount_usd=None if record.usd_cents is None else format_fiat(record.usd_cents),
        price_amount=_price(catalogue, record),
        price_currency=record.price_currency,
        amount_crypto=format_units(amount, currency.decimals),
        currency=currency.code,
        blockchain=currency.blockchain,
        token=currency.token,
        address=record.address,
        payment_uri=payment_uri(
            currency.blockchain, currency.token, currency.contract, record.address, rest, currency.decimals
        ),
        rate=record.rate,
        is_fixed_rate=state.is_fixed_rate,
        is_fee_paid_by_user=bool(record.flags & FEE_PAID_BY_USER),
        fee_amount=format_units(pricing.fee_units(state.terms), currency.decimals),
        order_id=record.order_id,
        order_description=record.order_description,
        customer_email=record.customer_email,
        wallet_id=record.wallet_id,
        callback_url=record.callback_url,
        transaction_hash=state.transaction_hash,
        confirmations=_confirmations(state, head_height),
        required_confirmations=currency.confirmations,
        total_paid_amount=format_units(state.totals.seen_units, currency.decimals),
        payment_history=[_shown_deposit(deposit, head_height) for deposit in state.history],
        deposits_count=state.deposits_count,
        expiry_time=iso(state.expires_at),
        created_at=iso(record.created_at / 1000),
        updated_at=iso(state.updated_at),
        completed_at=None if state.completed_at is None else iso(state.completed_at),
    )


def _price(catalogue: Catalogue, record: PaymentRecord) -> str:
    priced_in = catalogue.by_code_or_fiat(record.price_currency)
    shown_decimals = FIAT_DECIMALS if priced_in.decimals == FIAT_DECIMALS else priced_in.shown_decimals
    return format_units(record.price_units, priced_in.decimals, shown_decimals)


def _confirmations(state: PaymentState, head_height: int) -> int:
    """Return how deep the least deep deposit is that the payment reckons with."""
    depths = [
        _depth(deposit, head_height) for deposit in state.deposits if deposit.is_live and state.owns(deposit)
    ]
    return min(depths, default=0)


def _depth(deposit: Deposit, head_height: int) -> int:
    if deposit.height is None or deposit.is_lost:
        return 0
    return max(0, head_height - deposit.height + 1)


def _shown_deposit(deposit: Deposit, head_height: int) -> PaymentDeposit:
    return PaymentDeposit(
        deposit_id=deposit.deposit_id,
        amount=format_units(deposit.units, deposit.decimals),
        transaction_hash=deposit.txid,
        confirmations=_depth(deposit, head_height),
        status=deposit.state.value,
        timestamp=iso(deposit.first_seen_at),
    )
