"""The one endpoint decorator: authenticate → quota → scope → parse → idempotency → call → render.

A room's ``routes.py`` makes one ``Routes`` and decorates thin functions with it; everything that every endpoint
owes its caller (envelope, request id, exact numbers, refusals) is here and nowhere else.
"""

import base64
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec
from chalice.app import Blueprint, Request, Response

from chalicelib import acting, environment
from chalicelib.api import answers, idempotency, json_text, parsing
from chalicelib.api.call import Call
from chalicelib.environment import Environment
from chalicelib.errors import (
    ApiError,
    NotFoundError,
    PayloadTooLargeError,
    ServerError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
)
from chalicelib.oauth import access
from chalicelib.oauth.access import Access
from chalicelib.quotas import service as quotas
from chalicelib.storage.calls import StorageUnavailableError

BODY_LIMIT_BYTES = 64 * 1024
RouteFunction = Callable[[Call], Any]
Replay = Callable[[Call, str], Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """One route as declared: all that the wrapper and the OpenAPI document need.

    Attributes:
        method: GET, POST or DELETE.
        path: without a slash at the end (Chalice cannot register one; both forms are served).
        function: the route function.
        status: of a success.
        answer: the schema of a success, or None for 204.
        body: the schema of the body, or None.
        query: the schema of the query, or None.
        scopes: all that the token must have; None makes the route public.
        replay: renders the first answer again, for routes that take an Idempotency-Key.
        errors: refusals beyond those that every endpoint can give.
        reads_any_body: the function reads the raw body itself (token requests are forms).
    """

    method: str
    path: str
    function: RouteFunction
    status: int = 200
    answer: Any = None
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    scopes: tuple[str, ...] | None = ("read", "write")
    replay: Replay | None = None
    errors: Sequence[type[ApiError]] = field(default_factory=tuple)
    reads_any_body: bool = False


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body, or the query, of a route that takes none."""


class Routes:
    """A room's routes: registers each endpoint with Chalice and keeps its declaration."""

    def __init__(self, tag: str, module: str) -> None:
        self.tag = tag
        self.endpoints: list[Endpoint] = []
        self.application: Any = None  # set by the application that serves these routes
        self.blueprint = Blueprint(module)

    def get(self, path: str, **declared: Any) -> Callable[[RouteFunction], RouteFunction]:
        """Declare a GET."""
        return self._declare("GET", path, declared)

    def post(self, path: str, **declared: Any) -> Callable[[RouteFunction], RouteFunction]:
        """Declare a POST."""
        return self._declare("POST", path, declared)

    def delete(self, path: str, **declared: Any) -> Callable[[RouteFunction], RouteFunction]:
        """Declare a DELETE."""
        return self._declare("DELETE", path, declared)

    def _declare(
        self, method: str, path: str, declared: Mapping[str, Any]
    ) -> Callable[[RouteFunction], RouteFunction]:
        def register(function: RouteFunction) -> RouteFunction:
            endpoint = Endpoint(method, path, function, **declared)
            self.endpoints.append(endpoint)

            def view(**path_parameters: str) -> Response:
                return serve(endpoint, self.blueprint.current_request, path_parameters)

            name = f"{self.tag}_{function.__name__}"
            # '*/*': Chalice's own 415 is not in our envelope, and refuses odd content types even on a GET.
            self.blueprint.route(path, methods=[method], name=name, content_types=["*/*"])(view)
            return function

        return register


def serve(endpoint: Endpoint, request: Request, path_parameters: Mapping[str, str]) -> Response:
    """Answer one request to one endpoint, whatever happens."""
    request_id = request_id_of(request.context)
    headers: dict[str, str] = {}  # of the answer, whatever it will be
    acting_as = acting.begin(None)
    try:
        call = _read(endpoint, request, path_parameters, headers)
        return _answer(endpoint, call, request_id)
    except ApiError as error:
        return answers.refusal(error, request_id, headers)
    except StorageUnavailableError:
        logger.warning("storage unavailable", extra={"request_id": request_id})
        away = ServiceUnavailableError(
            "The service is busy for a moment; try again, with the same Idempotency-Key."
        )
        return answers.refusal(away, request_id, headers)
    except Exception:
        logger.exception("unexpected error", extra={"request_id": request_id, "tenant_id": acting.tenant()})
        failed = ServerError("Something failed on our side; it has been recorded.")
        return answers.refusal(failed, request_id, headers)
    finally:
        acting.end(acting_as)


def request_id_of(request_context: Mapping[str, Any]) -> str:
    """Return the id that API Gateway gave the request, or a new one where a server gave none."""
    return str(request_context.get("requestId") or uuid.uuid4())


def _read(
    endpoint: Endpoint, request: Request, path_parameters: Mapping[str, str], answer_headers: dict[str, str]
) -> Call:
    env = environment.current()
    headers = {name.lower(): value for name, value in request.headers.items()}
    caller = None if endpoint.scopes is None else _admitted(env, headers, endpoint.scopes, answer_headers)
    raw_body = _raw_body(request)
    parsed = _parsed_body(endpoint, headers, raw_body)
    # What a route has no use for is refused like a misspelt field: it never passes in silence.
    body = None if parsed is msgspec.UNSET else parsing.read_body(endpoint.body or Nothing, parsed)
    parameters = request.query_params
    sent = {name: parameters.getlist(name) for name in parameters} if parameters else {}
    query = parsing.read_query(endpoint.query or Nothing, sent) if endpoint.query or caller else None
    key = None
    if endpoint.replay and caller:
        route = f"{endpoint.method} {endpoint.path}"
        key = idempotency.read(
            headers, caller.tenant_id, route, [None if parsed is msgspec.UNSET else parsed, dict(path_parameters)]
        )
    source = str(request.context.get("identity", {}).get("sourceIp", ""))
    path = {name: _decoded(value) for name, value in path_parameters.items()}
    return Call(env, caller, body, query, path, headers, raw_body, source, key, answer_headers)


def _admitted(
    env: Environment, headers: Mapping[str, str], scopes: Sequence[str], answer_headers: dict[str, str]
) -> Access:
    """Return who calls, once its request is counted against its tenant's quota."""
    caller = access.authenticate(env, headers)
    acting.begin(caller.tenant_id)
    quotas.admit(env, caller.tenant_id, answer_headers)
    access.demand_scopes(caller, scopes)
    return caller


def _answer(endpoint: Endpoint, call: Call, request_id: str) -> Response:
    if call.idempotency and endpoint.replay:
        first = call.idempotency.first_object(call.env)
        if first is not None:
            return _replayed(endpoint, call, first, request_id)
    try:
        result = endpoint.function(call)
    except idempotency.AlreadyAnsweredError as twin:
        return _replayed(endpoint, call, twin.object_id, request_id)
    except ApiError:
        # Perhaps refused for what a twin has just done: cancelled it, taken the word, spent the money.
        first = call.idempotency.first_object(call.env) if call.idempotency else None
        if first is None:
            raise
        return _replayed(endpoint, call, first, request_id)
    return answers.success(result, endpoint.status, request_id, call.answer_headers)


def _replayed(endpoint: Endpoint, call: Call, object_id: str, request_id: str) -> Response:
    assert endpoint.replay is not None, "only such endpoints read keys"
    result = endpoint.replay(call, object_id)
    headers = {**call.answer_headers, "Idempotency-Replayed": "true"}
    return answers.success(result, endpoint.status, request_id, headers)


def _raw_body(request: Request) -> bytes:
    # The event's own body: Chalice would decode it as the content type says.
    event = request.to_original_event()
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body
    raw = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(raw) > BODY_LIMIT_BYTES:
        raise PayloadTooLargeError("The body is over 64 KB; send less.")
    return raw


def _parsed_body(endpoint: Endpoint, headers: Mapping[str, str], raw: bytes) -> Any:
    if endpoint.reads_any_body or (endpoint.body is None and not (endpoint.method == "POST" and raw.strip())):
        return msgspec.UNSET
    media_type = headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaTypeError("Send the body as application/json.")
    return json_text.parse(raw)


def _decoded(value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFoundError("There is no such object.") from None
