"""The answer shapes of the service's own routes."""

from typing import Any, Literal

import msgspec


class Status(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The API is operational."""

    status: Literal["ok"] = "ok"


class OpenApiDocument(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An OpenAPI 3.1 document; its own specification says what its parts hold."""

    openapi: Literal["3.1.0"] = "3.1.0"
    info: Any
    servers: list[Any]
    tags: list[Any]
    paths: Any
    components: Any
