"""The refusals of the OpenAPI document: which ones an endpoint can give, and how they look."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from chalicelib.api.endpoint import Endpoint
from chalicelib.errors import (
    ApiError,
    AuthenticationFailedError,
    IdempotencyMismatchError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitExceededError,
    ServerError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
)
from chalicelib.oauth.credentials import OAuthError

ErrorClass = type[ApiError]
# RFC 6749, section 5.2; the 429 is ours.
OAUTH_CODES = {
    400: ("invalid_request", "unsupported_grant_type", "invalid_scope"),
    401: ("invalid_client",),
    429: ("rate_limit_exceeded",),
}
_CHALLENGED = {401, 403}
UNKNOWN_CALLER = "AuthenticationFailed"
_LATER = {429, 503}
# What `details` of a code look like where they are more than names of fields.
_DETAILS: dict[str, dict[str, Any]] = {
    "permission_denied": {"required_scopes": ["read", "write"], "token_scopes": ["read"]},
    "invalid_request": {"amount": ["must have at most 8 decimals"]},
    "invalid_url": {"callback_url": ["must start with https://"]},
}


class ErrorResponses:
    """Collects the responses that endpoints refer to, each once.

    Attributes:
        responses: by name, for ``components/responses``.
    """

    def __init__(self) -> None:
        self.responses: dict[str, Any] = {}

    def of(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return the refusals of an endpoint, by status."""
        by_status: dict[int, list[ErrorClass]] = {}
        for error in sorted(possible(endpoint), key=lambda kind: (kind.status, kind.code)):
            by_status.setdefault(error.status, []).append(error)
        described = {str(status): self._refer(status, errors) for status, errors in by_status.items()}
        if OAuthError in endpoint.errors:
            described |= {str(status): self._refer_oauth(status, codes) for status, codes in OAUTH_CODES.items()}
        return dict(sorted(described.items()))

    def schemas(self) -> dict[str, Any]:
        """Return the schemas of refusals."""
        return {"Error": _envelope_schema(), "OAuthError": _OAUTH_SCHEMA}

    def _refer(self, status: int, errors: list[ErrorClass]) -> dict[str, str]:
        name = "Or".join(_camel(error.code) for error in errors)
        content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": _examples(errors)}
        sentences = "\n".join(f"* `{error.code}`: {_first_line(error)}" for error in errors)
        return self._keep(name, status, sentences, content)

    def _refer_oauth(self, status: int, codes: Iterable[str]) -> dict[str, str]:
        name = "OAuth" + HTTPStatus(status).phrase.title().replace(" ", "")
        examples = {code: {"value": {"error": code, "error_description": "…"}} for code in codes}
        content = {"schema": {"$ref": "#/components/schemas/OAuthError"}, "examples": examples}
        return self._keep(name, status, "\n".join(f"* `{code}`" for code in codes), content)

    def _keep(self, name: str, status: int, description: str, content: dict[str, Any]) -> dict[str, str]:
        headers = ["X-Request-Id"]
        headers += [] if name == UNKNOWN_CALLER else ["RateLimit-Policy", "RateLimit"]
        headers += ["WWW-Authenticate"] if status in _CHALLENGED else []
        headers += ["Retry-After"] if status in _LATER else []
        self.responses[name] = {
            "description": description,
            "headers": {header: {"$ref": f"#/components/headers/{header}"} for header in headers},
            "content": {"application/json": content},
        }
        return {"$ref": f"#/components/responses/{name}"}


def possible(endpoint: Endpoint) -> set[ErrorClass]:
    """Return every refusal in our envelope that an endpoint can give."""
    errors: set[ErrorClass] = {ServerError, *(error for error in endpoint.errors if error is not OAuthError)}
    if endpoint.scopes is not None:
        errors |= {
            AuthenticationFailedError,
            PermissionDeniedError,
            RateLimitExceededError,
            ServiceUnavailableError,
        }
    if endpoint.reads_any_body:
        return errors | {PayloadTooLargeError, ServiceUnavailableError}
    if endpoint.method == "POST":  # also where none is wanted: what is sent is read, and refused
        errors |= {InvalidRequestError, PayloadTooLargeError, UnsupportedMediaTypeError}
    if endpoint.query or endpoint.scopes is not None:
        errors.add(InvalidRequestError)
    if endpoint.replay:
        errors |= {InvalidRequestError, IdempotencyMismatchError}
    if "{" in endpoint.path:
        errors.add(NotFoundError)
    return errors


def all_errors() -> list[ErrorClass]:
    """Return every refusal that exists, the RFC's aside."""
    return [error for error in ApiError.__subclasses__() if error is not OAuthError]


def _examples(errors: list[ErrorClass]) -> dict[str, Any]:
    return {
        error.code: {"value": error(_first_line(error), details=_DETAILS.get(error.code)).envelope()}
        for error in errors
    }


def _first_line(error: ErrorClass) -> str:
    return (error.__doc__ or "").partition("\n")[0].replace("``", "`")


def _camel(code: str) -> str:
    return code.title().replace("_", "")


_DETAILS_SCHEMA = {
    "description": "A field's name to a list of texts, or what the code says.",
    "type": "object",
    "patternProperties": {".*": {"type": ["array", "string", "number"], "items": {"type": "string"}}},
    "additionalProperties": False,
    "required": [],
}


def _envelope_schema() -> dict[str, Any]:
    inner = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": sorted(error.code for error in all_errors())},
            "message": {"type": "string", "description": "For people: a sentence that says what to do."},
            "details": _DETAILS_SCHEMA,
        },
        "required": ["code", "message", "details"],
        "additionalProperties": False,
    }
    return {
        "title": "Error",
        "description": "A refusal; nothing was changed.",
        "type": "object",
        "properties": {"error": inner},
        "required": ["error"],
        "additionalProperties": False,
    }


_OAUTH_SCHEMA = {
    "title": "OAuthError",
    "description": "A refusal as RFC 6749, section 5.2 shapes it.",
    "type": "object",
    "properties": {
        "error": {"type": "string", "enum": sorted(code for codes in OAUTH_CODES.values() for code in codes)},
        "error_description": {"type": "string"},
    },
    "required": ["error", "error_description"],
    "additionalProperties": False,
}
