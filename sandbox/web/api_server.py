"""The public API on this machine: Chalice's local server, with a handler that is fast and strict.

Each request becomes the event that API Gateway's proxy integration sends for ``/{proxy+}``, and goes to the very
application that Lambda calls: it finds its route there, and unknown paths and methods are answered there.
"""

import base64
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalice.config import Config
from chalice.local import LambdaContext, create_local_server

from chalicelib.api.application import GREEDY, GatewayApplication
from chalicelib.errors import InvalidRequestError
from sandbox.web.edge import Answer, EdgeHandler, header_pairs
from sandbox.web.serving import LOOPBACK, Gate, HttpServer

TIMEOUT_MS = 30_000


class LocalGateway:
    """API Gateway's part: from a request to an event, from a function's result to an answer."""

    def __init__(self, application: GatewayApplication) -> None:
        self._application = application

    def handle_request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, source_address: str
    ) -> Answer:
        """Have one request answered by the application."""
        context = LambdaContext("api", memory_size=1024, max_runtime_ms=TIMEOUT_MS)
        result = self._application(_event(method, target, headers, body, source_address), context)
        payload = result.get("body") or ""
        content = base64.b64decode(payload) if result.get("isBase64Encoded") else _bytes(payload)
        pairs = header_pairs(result["headers"], result.get("multiValueHeaders") or {})
        return Answer(int(result["statusCode"]), pairs, content)


class ApiHandler(EdgeHandler):
    """Hands requests to the gateway of its server."""

    gateway: LocalGateway

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request to the public API."""
        return self.gateway.handle_request(method, target, headers, body, self.client_address[0])


def make_server(application: GatewayApplication, port: int) -> HttpServer:
    """Bind the public API's port on the loopback address; Chalice makes its request thread-local by this.

    Raises:
        OSError: the port is in use.
    """
    local = create_local_server(application, Config.create(), LOOPBACK, port)
    gate = Gate()
    bound = {"gateway": LocalGateway(application), "gate": gate}
    local.server.RequestHandlerClass = type("BoundHandler", (ApiHandler,), bound)
    return HttpServer(local.server, gate, "public API")


def _event(
    method: str, target: str, headers: Mapping[str, str], body: bytes, source_address: str
) -> dict[str, Any]:
    path, query = _path_and_query(target)
    text, is_encoded = _text(body)
    return {
        "resource": GREEDY,
        "path": path,
        "httpMethod": method,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "body": text,
        "isBase64Encoded": is_encoded,
        "requestContext": {
            "resourcePath": GREEDY,
            "httpMethod": method,
            "path": path,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": source_address},
        },
    }


def _path_and_query(target: str) -> tuple[str, dict[str, list[str]]]:
    try:
        parts = urlsplit(target if target.startswith("/") else f"/{target}" if "://" not in target else target)
    except ValueError:
        raise InvalidRequestError("The request's target is no URL.") from None
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return parts.path or "/", query


def _text(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _bytes(payload: str | bytes) -> bytes:
    return payload if isinstance(payload, bytes) else payload.encode()
