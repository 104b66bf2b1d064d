"""From a result or a refusal to an HTTP answer: one envelope, one set of headers."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from chalice.app import Response

from chalicelib.errors import ApiError, RateLimitExceededError, RatesUnavailableError, ServiceUnavailableError

logger = logging.getLogger(__name__)

_JSON = "application/json"
Headers = dict[str, str | list[str]]
_encoder = msgspec.json.Encoder(decimal_format="number")
RETRY_AFTER_SECONDS = "5"


def encode(answer: Any) -> bytes:
    """Write an answer as JSON; the same object always gives the same bytes."""
    return _encoder.encode(answer)


def success(answer: Any, status: int, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with an object (or with nothing, for 204)."""
    body = encode(answer).decode() if answer is not None else ""
    all_headers: Headers = {"Content-Type": _JSON, "X-Request-Id": request_id, **(headers or {})}
    return Response(body, all_headers, status)


def refusal(error: ApiError, request_id: str, headers_of_all: Mapping[str, str] | None = None) -> Response:
    """Answer with the error envelope; ``headers_of_all`` are what every answer to this request carries."""
    headers: Headers = {
        "Content-Type": _JSON,
        "X-Request-Id": request_id,
        **(headers_of_all or {}),
        **error.headers,
    }
    if isinstance(error, (RateLimitExceededError, RatesUnavailableError, ServiceUnavailableError)):
        headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    return Response(encode(error.envelope()).decode(), headers, error.status)
