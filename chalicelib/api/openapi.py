"""The OpenAPI 3.1 document, made from the routes as they are declared: nothing in it is written twice.

``python -m chalicelib.api.openapi --write docs/openapi.json`` writes it, ``--check`` fails when it has drifted.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.api.application import GatewayApplication
from chalicelib.api.openapi_errors import ErrorResponses
from chalicelib.api.openapi_examples import with_example
from chalicelib.api.openapi_operation import documented_path, operation
from chalicelib.api.openapi_schemas import Schemas
from chalicelib.oauth.scopes import KNOWN

API_VERSION = "0.3.0"
DRIFTED = 1

_DESCRIPTION = """\
A payment gateway for cryptocurrency: take payments, pay out, keep sub-accounts, hear of every change by signed \
webhook.

* **Paths** are served as printed here and without the slash at the end too.
* **Money** comes in as a string or a JSON number in plain decimal notation and is read exactly; it goes out as a \
string (crypto with 8 decimals, fiat with 2), save where a schema says number.
* **Errors** are `{"error": {"code", "message", "details"}}`: act on `code`, show `message`; `details` names \
fields. An unknown path is a 404 `not_found`, a method that a path does not take a 405 `method_not_allowed` with \
`Allow`. `/o/token/` and `/o/revoke_token/` answer the errors of RFC 6749.
* **Every answer** carries `X-Request-Id`; name it when you ask about a request. Bodies over 64 KB are refused.
* **WWW-Authenticate**: on a 401 and a 403 for lack of scopes. Amazon API Gateway delivers this header of ours as \
`x-amzn-remapped-www-authenticate`.
* **Quotas**: 600 requests a minute for each tenant, 100 of them at once, unless another quota was agreed. \
`RateLimit-Policy` and `RateLimit` tell it and where you stand, on every answer to a known caller; beyond it \
there is 429 `rate_limit_exceeded` with `Retry-After`.
* **Idempotency**: a POST that creates or moves something takes an `Idempotency-Key`. The same key and body get \
the first answer again, byte for byte, with `Idempotency-Replayed: true`; another body is a 422.
"""


def document(app: GatewayApplication) -> dict[str, Any]:
    """Return the document of an application.

    Args:
        app: whose routes are described; it may hold only some of the rooms.
    """
    schemas = Schemas([endpoint for _, endpoint in app.endpoints])
    errors = ErrorResponses()
    paths: dict[str, Any] = {}
    for tag, endpoint in app.endpoints:
        described = operation(tag, endpoint, schemas, errors)
        paths.setdefault(documented_path(endpoint.path), {})[endpoint.method.lower()] = described
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Sluice API", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/", "description": "Your custom base URL"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(room.tag for room in app.rooms)],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, **errors.schemas()},
            "responses": errors.responses,
            "headers": _HEADERS,
            "parameters": {"IdempotencyKey": _IDEMPOTENCY_KEY},
            "securitySchemes": {"oauth2": _OAUTH2},
        },
    }
    return with_example(whole)


@cache
def written(app: GatewayApplication) -> bytes:
    """Return the document as JSON; built when first asked for, then kept."""
    return json.dumps(document(app), indent=2, ensure_ascii=False).encode()


def _text(name_of_schema: str) -> dict[str, Any]:
    return {"type": name_of_schema}


_HEADERS = {
    "X-Request-Id": {"description": "Names this request, here and in our logs.", "schema": _text("string")},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": _text("integer")},
    "RateLimit-Policy": {
        "description": "The quotas in force (draft-ietf-httpapi-ratelimit-headers): `q` requests in `w` seconds. "
        "Those of a tenant's requests are `default` and `burst`, those of token requests `client` and `address`.",
        "schema": _text("string"),
        "example": '"default";q=600;w=60, "burst";q=100;w=10',
    },
    "RateLimit": {
        "description": "Where you stand: `r` more requests may come at once, and in `t` seconds it will be as "
        "many as can be (on a 429: at least one).",
        "schema": _text("string"),
        "example": '"default";r=99;t=1',
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the first answer again.",
        "schema": {"type": "string", "const": "true"},
    },
    "WWW-Authenticate": {
        "description": "The challenge (RFC 6750, RFC 7617). Amazon API Gateway renames it to "
        "`x-amzn-remapped-www-authenticate`.",
        "schema": _text("string"),
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes this request safe to send again: choose a new one for each thing that you want done.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        "examples": ["2f5b9c1e-6a0d-4d1b-9a51-0d2f3b7f7a11"],
    },
}
_SCOPES = {
    "read": "Read what belongs to the tenant.",
    "write": "Create, change and move.",
    "admin": "Read the platform's fees of the tenant.",
}
_OAUTH2 = {
    "type": "oauth2",
    "description": "The client credentials grant (RFC 6749, section 4.4); tokens last ten hours.",
    "flows": {
        "clientCredentials": {"tokenUrl": "/o/token/", "scopes": {scope: _SCOPES[scope] for scope in KNOWN}}
    },
}


def main(argv: Sequence[str]) -> int:
    """Write the document to a file, or check that the file is up to date; return the exit code."""
    parser = argparse.ArgumentParser(prog="chalicelib.api.openapi")
    parser.add_argument("file", type=Path)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="write the file (the default)")
    choice.add_argument("--check", action="store_true", help="fail when the file is not what would be written")
    asked = parser.parse_args(argv)
    app: GatewayApplication = importlib.import_module("app").app
    return keep(app, asked.file, check=asked.check)


def keep(app: GatewayApplication, file: Path, *, check: bool) -> int:
    """Write an application's document, or compare it with the file; return the exit code."""
    wanted = written(app) + b"\n"
    if not check:
        file.write_bytes(wanted)
        return 0
    if file.exists() and file.read_bytes() == wanted:
        return 0
    sys.stderr.write(f"{file} is not what the routes say: run make openapi\n")
    return DRIFTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
