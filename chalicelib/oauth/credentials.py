"""Reading a token request: form or JSON, credentials in the body or in HTTP Basic; errors as RFC 6749 has them."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from chalicelib.api import json_text
from chalicelib.errors import ApiError, InvalidRequestError

_BASIC_CHALLENGE = {"WWW-Authenticate": 'Basic realm="sluice"'}
CLIENT_ID_LENGTH = 64


class OAuthError(ApiError):
    """A refusal of the token or revocation endpoint (RFC 6749, section 5.2)."""

    def __init__(
        self, error: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, headers={"Cache-Control": "no-store", **(headers or {})})
        self.code = error
        self.status = status

    def envelope(self) -> dict[str, Any]:
        """Return the error as the RFC shapes it."""
        return {"error": self.code, "error_description": self.message}


def invalid_client() -> OAuthError:
    """Return the one refusal of wrong credentials, whatever was wrong with them."""
    return OAuthError("invalid_client", "The client credentials are not valid.", 401, _BASIC_CHALLENGE)


def parameters(headers: Mapping[str, str], raw_body: bytes) -> dict[str, str]:
    """Read the request's parameters.

    Raises:
        OAuthError: ``invalid_request``: neither form nor JSON, a parameter twice, or one that is no text.
    """
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return _from_form(raw_body)
    if media_type in {"application/json", ""}:
        return _from_json(raw_body)
    raise OAuthError("invalid_request", "Send a form (application/x-www-form-urlencoded) or JSON.")


def client_credentials(headers: Mapping[str, str], sent: Mapping[str, str]) -> tuple[str, str]:
    """Return the client's id and secret from HTTP Basic or the body.

    Raises:
        OAuthError: none, both ways at once, or not readable.
    """
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in sent:
            raise OAuthError("invalid_request", "Send the credentials in one way only.")
        return _bounded(*_from_basic(encoded))
    if not sent.get("client_id") or not sent.get("client_secret"):
        raise invalid_client()
    return _bounded(sent["client_id"], sent["client_secret"])


def _bounded(client_id: str, client_secret: str) -> tuple[str, str]:
    if not 0 < len(client_id) <= CLIENT_ID_LENGTH or not client_id.isascii() or len(client_secret) > 200:  # noqa: PLR2004
        raise invalid_client()
    return client_id, client_secret


def _from_basic(encoded: str) -> tuple[str, str]:
    try:
        client_id, colon, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_client() from None
    if not colon:
        raise invalid_client()
    return unquote_plus(client_id), unquote_plus(client_secret)  # RFC 6749, section 2.3.1


def _from_form(raw_body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw_body.decode(), keep_blank_values=True, strict_parsing=bool(raw_body), errors="strict"
        )
    except ValueError:
        raise OAuthError("invalid_request", "The form cannot be read.") from None
    sent = dict(pairs)
    if len(sent) != len(pairs):
        raise OAuthError("invalid_request", "A parameter stands in the form more than once.")
    return sent


def _from_json(raw_body: bytes) -> dict[str, str]:
    try:
        sent = json_text.parse(raw_body)
    except InvalidRequestError as error:
        raise OAuthError("invalid_request", error.message) from None
    given = {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else None
    if given is None or not all(type(value) is str for value in given.values()):
        raise OAuthError("invalid_request", "Send one JSON object whose values are texts.")
    return given
