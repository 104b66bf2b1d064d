"""Refunds: a payment's money back to the customer, as a withdrawal like any other that names its payment."""

from chalicelib import money
from chalicelib.api.fields import SentAmount
from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.environment import Environment
from chalicelib.errors import (
    AboveMaximumError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
    ServiceUnavailableError,
)
from chalicelib.lists.spec import is_row_id
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.schemas import RefundPayment
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, check
from chalicelib.withdrawals import service as withdrawals
from chalicelib.withdrawals.refunds import Refund, RefundsRecord, take_write
from chalicelib.withdrawals.schemas import CreateWithdrawal, Withdrawal

ATTEMPTS = 8


def refund(
    env: Environment, tenant_id: str, payment_id: str, asked: RefundPayment, key: IdempotencyKey | None
) -> Withdrawal:
    """Pay a payment's money back, out of the account that it was credited to.

    Args:
        env: the environment.
        tenant_id: the merchant.
        payment_id: the payment.
        asked: whom to pay, and how much: all that is left, unless it says less.
        key: the request's idempotency key.

    Raises:
        NotFoundError: the tenant has no such payment.
        InvalidStateError: nothing of it has been credited, or all of that has been asked back.
        AboveMaximumError: more is asked back than is left of what was credited.
        ApiError: the withdrawal is refused; see :func:`withdrawals.service.create_withdrawal`.
        AlreadyAnsweredError: a twin with the same key was faster.
    """
    for _ in range(ATTEMPTS):
        record, taken_units = _read(env, tenant_id, payment_id)
        decimals = env.catalogue.by_code(record.currency).decimals
        credited_units = record.state(decimals).totals.credited_units
        units = _units(asked, decimals, credited_units, credited_units - taken_units, record.currency)
        # The payment as read: a reversal that comes in between has this decided again.
        unchanged = check(
            record.key, PaymentRecord.version == record.version, ConflictError("the payment changed")
        )
        take = take_write(tenant_id, payment_id, units, credited_units)
        wanted = _withdrawal(asked, record, money.format_units(units, decimals))
        try:
            return withdrawals.create_withdrawal(
                env, tenant_id, wanted, key, Refund(payment_id, (take, unchanged))
            )
        except ConflictError:
            continue
    raise ServiceUnavailableError(
        "This payment is changing too fast at the moment; try again, with the same Idempotency-Key.",
        headers={"Retry-After": "1"},
    )


def _read(env: Environment, tenant_id: str, payment_id: str) -> tuple[PaymentRecord, int]:
    """Return a payment, and what of it has been asked back: one call."""
    if len(payment_id) > 64 or not is_row_id(payment_id):  # noqa: PLR2004 -- of any id
        raise _missing()
    key, refunds_key = keys.payment(tenant_id, payment_id), keys.refunds(tenant_id, payment_id)
    found = env.store.get_raw([key, refunds_key])
    if key not in found:
        raise _missing()
    taken_units = RefundsRecord.of_raw(found[refunds_key]).taken if refunds_key in found else 0
    return PaymentRecord.of_raw(found[key]), taken_units


def _units(asked: RefundPayment, decimals: int, credited_units: int, left_units: int, code: str) -> int:
    """Return what is asked back, in smallest units."""
    if left_units <= 0:
        problem = (
            "all that was credited has been asked back" if credited_units else "nothing has been credited yet"
        )
        raise InvalidStateError(f"Of this payment {problem}.", details={"payment_id": [problem]})
    if asked.amount is None:
        return left_units
    try:
        units = money.parse_units(asked.amount, decimals)
    except money.InvalidAmountError as error:
        raise InvalidRequestError(f"amount {error}.", details={"amount": [str(error)]}) from None
    if units > left_units:
        left = money.format_units(left_units, decimals)
        raise AboveMaximumError(
            f"Of this payment {left} {code} can be asked back.", details={"amount": [f"must be at most {left}"]}
        )
    return units


def _withdrawal(asked: RefundPayment, record: PaymentRecord, amount: str) -> CreateWithdrawal:
    return CreateWithdrawal(
        amount=SentAmount(amount),
        currency=record.currency,
        final_amount=asked.final_amount,
        address=asked.address,
        memo=asked.memo,
        custom_id=asked.custom_id,
        wallet_id=record.wallet_id,
        callback_url=asked.callback_url,
    )


def _missing() -> NotFoundError:
    return NotFoundError("There is no such payment.")
