"""Payments over HTTP."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.currencies import service as currencies
from chalicelib.errors import (
    AboveMaximumError,
    BelowMinimumError,
    CurrencyUnavailableError,
    InvalidCurrencyError,
    InvalidStateError,
    InvalidUrlError,
    NotFoundError,
    RatesUnavailableError,
)
from chalicelib.lazily import lazily
from chalicelib.payments.schemas import (
    CreatePayment,
    ListPayments,
    MinAmount,
    MinAmountQuery,
    Payment,
    PaymentList,
    PaymentStatusRequest,
    RefundPayment,
)
from chalicelib.withdrawals.routes import REFUSALS, replayed
from chalicelib.withdrawals.schemas import Withdrawal

if TYPE_CHECKING:
    from chalicelib.payments import listing, refunds, service
else:
    listing, refunds, service = lazily("chalicelib.payments", "listing", "refunds", "service")

routes = Routes("Payments", __name__)


def _replay(call: Call, object_id: str) -> Payment:
    return service.as_created(call.env, service.find(call.env, call.tenant_id, object_id))


@routes.post(
    "/payments",
    status=201,
    body=CreatePayment,
    answer=Payment,
    replay=_replay,
    errors=(
        InvalidCurrencyError,
        CurrencyUnavailableError,
        InvalidUrlError,
        BelowMinimumError,
        AboveMaximumError,
        NotFoundError,
        RatesUnavailableError,
    ),
)
def create_payment(call: Call) -> Payment:
    """Create a payment: a price, to be paid on a fresh deposit address."""
    return service.create_payment(call.env, call.tenant_id, call.body, call.idempotency)


@routes.get("/payments", query=ListPayments, answer=PaymentList, errors=(InvalidCurrencyError,))
def list_payments(call: Call) -> PaymentList:
    """List payments, newest first."""
    return listing.list_payments(call.env, call.tenant_id, call.query)


@routes.post("/payments/status", body=PaymentStatusRequest, answer=Payment, errors=(NotFoundError,))
def get_payment_status(call: Call) -> Payment:
    """Check a payment."""
    return service.payment(call.env, call.tenant_id, call.body.transaction_id)


@routes.get(
    "/payments/min-amount",
    query=MinAmountQuery,
    answer=MinAmount,
    errors=(InvalidCurrencyError, CurrencyUnavailableError),
)
def get_min_amount(call: Call) -> MinAmount:
    """Get the least and the most that a payment in a currency may ask for."""
    return MinAmount(**currencies.deposit_limits(call.env, call.query.currency))


@routes.post(
    "/payments/{transaction_id}/refund",
    status=201,
    body=RefundPayment,
    answer=Withdrawal,
    replay=replayed,
    errors=(*REFUSALS, InvalidStateError),
)
def refund_payment(call: Call) -> Withdrawal:
    """Refund a payment: a withdrawal out of the account that it was credited to.

    All refunds of a payment together never exceed what was credited for it.
    """
    return refunds.refund(call.env, call.tenant_id, call.path["transaction_id"], call.body, call.idempotency)
