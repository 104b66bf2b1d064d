"""Withdrawals over HTTP."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.errors import (
    AboveMaximumError,
    AddressNotAllowedError,
    BelowMinimumError,
    CurrencyUnavailableError,
    DuplicateCustomIdError,
    InsufficientBalanceError,
    InvalidAddressError,
    InvalidCurrencyError,
    InvalidStateError,
    InvalidUrlError,
    LimitExceededError,
    NotFoundError,
    RatesUnavailableError,
    WithdrawalsFrozenError,
)
from chalicelib.lazily import lazily
from chalicelib.withdrawals.schemas import (
    AddressVerdict,
    AvailableCurrencies,
    CreateWithdrawal,
    CurrencyAsked,
    EstimateFee,
    EstimateWithdrawal,
    FeeEstimate,
    ListWithdrawals,
    MinWithdrawal,
    ValidateAddress,
    Withdrawal,
    WithdrawalEstimate,
    WithdrawalList,
    WithdrawalRequest,
)

if TYPE_CHECKING:
    from chalicelib.withdrawals import estimates, listing, service, targets
else:
    estimates, listing, service, targets = lazily(
        "chalicelib.withdrawals", "estimates", "listing", "service", "targets"
    )

routes = Routes("Withdrawals", __name__)

_UNQUOTABLE = (
    InvalidCurrencyError,
    CurrencyUnavailableError,
    BelowMinimumError,
    AboveMaximumError,
    RatesUnavailableError,
)
REFUSALS = (
    *_UNQUOTABLE,
    InvalidUrlError,
    InvalidAddressError,
    InsufficientBalanceError,
    LimitExceededError,
    WithdrawalsFrozenError,
    AddressNotAllowedError,
    DuplicateCustomIdError,
    NotFoundError,
)
"""What a withdrawal can be refused with, a refund among them."""


def replayed(call: Call, object_id: str) -> Withdrawal:
    """Answer a withdrawal again as it was answered when it was accepted."""
    return service.as_created(call.env, service.find(call.env, call.tenant_id, object_id))


def _replayed_cancel(call: Call, object_id: str) -> Withdrawal:
    return service.as_now(call.env, service.find(call.env, call.tenant_id, object_id), None)


@routes.post("/withdrawal", status=201, body=CreateWithdrawal, answer=Withdrawal, replay=replayed, errors=REFUSALS)
def create_withdrawal(call: Call) -> Withdrawal:
    """Create a withdrawal: money that goes to an address on the chain.

    What leaves the account is held at once; the fees are fixed now.
    """
    return service.create_withdrawal(call.env, call.tenant_id, call.body, call.idempotency)


@routes.get("/withdrawal", query=ListWithdrawals, answer=WithdrawalList, errors=(InvalidCurrencyError,))
def list_withdrawals(call: Call) -> WithdrawalList:
    """List withdrawals, newest first unless another order is asked for."""
    return listing.list_withdrawals(call.env, call.tenant_id, call.query)


@routes.get("/withdrawal/{withdrawal_id}", answer=Withdrawal)
def get_withdrawal(call: Call) -> Withdrawal:
    """Get a withdrawal's details."""
    return service.withdrawal(call.env, call.tenant_id, call.path["withdrawal_id"])


@routes.post(
    "/withdrawal/{withdrawal_id}/cancel", answer=Withdrawal, replay=_replayed_cancel, errors=(InvalidStateError,)
)
def cancel_withdrawal(call: Call) -> Withdrawal:
    """Cancel a pending withdrawal: what was held is available again."""
    return service.cancel(call.env, call.tenant_id, call.path["withdrawal_id"], call.idempotency)


@routes.post("/withdrawal/status", body=WithdrawalRequest, answer=Withdrawal, errors=(NotFoundError,))
def get_withdrawal_status(call: Call) -> Withdrawal:
    """Check a withdrawal."""
    return service.withdrawal(call.env, call.tenant_id, call.body.withdrawal_id)


@routes.post(
    "/withdrawal/validate-address", body=ValidateAddress, answer=AddressVerdict, errors=(InvalidCurrencyError,)
)
def validate_address(call: Call) -> AddressVerdict:
    """Validate an address: give at least one of currency, blockchain and type.

    Checksums are verified. An address that money would be lost at is not valid: the zero address, a token's
    contract, one of another network.
    """
    return targets.verdict(call.env, call.body)


@routes.post(
    "/withdrawal/fee-estimate", body=EstimateFee, answer=FeeEstimate, errors=(*_UNQUOTABLE, InvalidAddressError)
)
def estimate_withdrawal_fee(call: Call) -> FeeEstimate:
    """Estimate a withdrawal's fees."""
    return estimates.fee_estimate(call.env, call.tenant_id, call.body)


@routes.post("/withdrawal/estimate", body=EstimateWithdrawal, answer=WithdrawalEstimate, errors=_UNQUOTABLE)
def estimate_withdrawal(call: Call) -> WithdrawalEstimate:
    """Simulate a withdrawal: all its amounts and fees."""
    return estimates.estimate(call.env, call.tenant_id, call.body)


@routes.post(
    "/withdrawal/min-amount",
    body=CurrencyAsked,
    answer=MinWithdrawal,
    errors=(InvalidCurrencyError, CurrencyUnavailableError),
)
def get_min_withdrawal_amount(call: Call) -> MinWithdrawal:
    """Get the least amount that a withdrawal in a currency may ask for."""
    return estimates.min_amount(call.env, call.tenant_id, call.body)


@routes.get("/withdrawal/available-currencies", answer=AvailableCurrencies)
def get_available_currencies(call: Call) -> AvailableCurrencies:
    """Get the currencies that the master account has money in, and how much of each can be withdrawn."""
    return estimates.available(call.env, call.tenant_id)
