"""One endpoint as an operation of the OpenAPI document."""

import re
from http import HTTPStatus
from inspect import cleandoc
from typing import Any

from chalicelib.api.endpoint import Endpoint
from chalicelib.api.openapi_errors import ErrorResponses
from chalicelib.api.openapi_schemas import Schemas, query_parameters
from chalicelib.oauth.credentials import OAuthError

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_SECTION = re.compile(r"\n+(Args|Returns|Raises):\n")


def documented_path(path: str) -> str:
    """Return a path as it is printed: with a slash at the end, unless it names a file."""
    return path if "." in path.rpartition("/")[2] else f"{path}/"


def operation(tag: str, endpoint: Endpoint, schemas: Schemas, errors: ErrorResponses) -> dict[str, Any]:
    """Describe an endpoint.

    Args:
        tag: its room's name.
        endpoint: as it is declared.
        schemas: those of all endpoints.
        errors: where the refusals are collected.
    """
    summary, _, description = _documentation(endpoint).partition("\n")
    described: dict[str, Any] = {
        "operationId": endpoint.function.__name__,
        "summary": summary.rstrip("."),
        "tags": [tag],
        "security": [] if endpoint.scopes is None else [{"oauth2": list(endpoint.scopes)}],
    }
    if description.strip():
        described["description"] = description.strip()
    if parameters := _parameters(endpoint):
        described["parameters"] = parameters
    if endpoint.body:
        described["requestBody"] = _request_body(endpoint, schemas)
    described["responses"] = {str(endpoint.status): _success(endpoint, schemas), **errors.of(endpoint)}
    return described


def _documentation(endpoint: Endpoint) -> str:
    """Return the function's docstring without the sections that are for us."""
    return _SECTION.split(cleandoc(endpoint.function.__doc__ or ""))[0]


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    named += query_parameters(endpoint.query) if endpoint.query else []
    key = [{"$ref": "#/components/parameters/IdempotencyKey"}] if endpoint.replay else []
    return [*named, *key]


def _request_body(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    media_types = [_JSON, _FORM] if endpoint.reads_any_body else [_JSON]
    schema = schemas.of(endpoint.body)
    return {"required": True, "content": {media_type: {"schema": schema} for media_type in media_types}}


def _success(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    names = ["X-Request-Id"]
    is_limited = endpoint.scopes is not None or OAuthError in endpoint.errors
    names += ["RateLimit-Policy", "RateLimit"] if is_limited else []
    names += ["Idempotency-Replayed"] if endpoint.replay else []
    described: dict[str, Any] = {
        "description": HTTPStatus(endpoint.status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if endpoint.answer:
        described["content"] = {_JSON: {"schema": schemas.of(endpoint.answer)}}
    return described
