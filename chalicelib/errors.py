"""Every refusal of the public API, by its code, and the sentence shape that the caller is told.

``code`` is for programs, ``message`` for people, ``details`` names fields. docs/errors.md lists them all.
"""

from collections.abc import Mapping
from typing import Any

Details = Mapping[str, Any]


class ApiError(Exception):
    """A refusal with a meaning for the caller; nothing was changed."""

    status: int = 500
    code: str = "server_error"

    def __init__(
        self, message: str, *, details: Details | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: Details = details or {}
        self.headers: Mapping[str, str] = headers or {}

    def envelope(self) -> dict[str, Any]:
        """Return the error as the API's envelope shows it."""
        return {"error": {"code": self.code, "message": self.message, "details": dict(self.details)}}


class InvalidRequestError(ApiError):
    """The request has a field or parameter that cannot be used."""

    status, code = 400, "invalid_request"


class InvalidCurrencyError(ApiError):
    """No currency of the catalogue is meant."""

    status, code = 400, "invalid_currency"


class CurrencyUnavailableError(ApiError):
    """The currency exists but is switched off for this purpose."""

    status, code = 400, "currency_unavailable"


class InvalidUrlError(ApiError):
    """A callback URL that we would never call."""

    status, code = 400, "invalid_url"


class BelowMinimumError(ApiError):
    """Less than the currency's least amount."""

    status, code = 400, "below_minimum"


class AboveMaximumError(ApiError):
    """More than the currency's greatest amount."""

    status, code = 400, "above_maximum"


class DuplicateExternalIdError(ApiError):
    """Another sub-account has this external id."""

    status, code = 400, "duplicate_external_id"


class InsufficientBalanceError(ApiError):
    """The account holds less than is asked for."""

    status, code = 400, "insufficient_balance"


class InvalidAddressError(ApiError):
    """No address that this currency can be withdrawn to."""

    status, code = 400, "invalid_address"


class LimitExceededError(ApiError):
    """More than the tenant's withdrawal limits leave room for."""

    status, code = 400, "limit_exceeded"


class AuthenticationFailedError(ApiError):
    """No valid access token came with the request (RFC 6750)."""

    status, code = 401, "authentication_failed"


class PermissionDeniedError(ApiError):
    """The token lacks a scope that the route needs."""

    status, code = 403, "permission_denied"


class WithdrawalsFrozenError(ApiError):
    """The tenant's withdrawals are frozen: nothing may leave."""

    status, code = 403, "withdrawals_frozen"


class AddressNotAllowedError(ApiError):
    """The address is not on the tenant's allow-list, or not yet in force there."""

    status, code = 403, "address_not_allowed"


class NotFoundError(ApiError):
    """No such object of this tenant, or no such path."""

    status, code = 404, "not_found"


class MethodNotAllowedError(ApiError):
    """The path exists, the method on it does not."""

    status, code = 405, "method_not_allowed"


class InvalidStateError(ApiError):
    """The object's state does not allow this."""

    status, code = 409, "invalid_state"


class DuplicateCustomIdError(ApiError):
    """A withdrawal with this custom id exists; ``details`` names it."""

    status, code = 409, "duplicate_custom_id"


class IdempotencyInProgressError(ApiError):
    """The first request with this key has not been answered yet."""

    status, code = 409, "idempotency_in_progress"


class PayloadTooLargeError(ApiError):
    """The body is over 64 KB."""

    status, code = 413, "payload_too_large"


class UnsupportedMediaTypeError(ApiError):
    """The body is not JSON (or, for tokens, not a form)."""

    status, code = 415, "unsupported_media_type"


class IdempotencyMismatchError(ApiError):
    """The key was used before with another body."""

    status, code = 422, "idempotency_mismatch"


class RateLimitExceededError(ApiError):
    """Too many requests; ``Retry-After`` says when to come back."""

    status, code = 429, "rate_limit_exceeded"


class ServerError(ApiError):
    """Something of ours failed; nothing about how is told."""

    status, code = 500, "server_error"


class RatesUnavailableError(ApiError):
    """No price is fresh enough to be used; an old one never is."""

    status, code = 503, "rates_unavailable"


class ServiceUnavailableError(ApiError):
    """A part that the answer needs is away for a moment; try again."""

    status, code = 503, "service_unavailable"
