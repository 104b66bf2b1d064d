"""The Chalice application with a router of its own: every path, known or not, is answered in our envelope.

API Gateway cannot tell an unknown path from a wrong method, and the local server has its own idea of both; so
requests may come in by the greedy ``/{proxy+}`` and find their route here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Chalice, Response

from chalicelib.api import answers
from chalicelib.api.endpoint import Endpoint, Routes, request_id_of
from chalicelib.errors import ApiError, MethodNotAllowedError, NotFoundError

GREEDY = "/{proxy+}"


class GatewayApplication(Chalice):
    """A Chalice application whose routes are declared by rooms."""

    def __init__(self, app_name: str, rooms: Sequence[Routes]) -> None:
        super().__init__(app_name)
        self.rooms = rooms
        for room in rooms:
            self.register_blueprint(room.blueprint)
            room.application = self
        # Fixed words before parameters: /wallets/balances is not the wallet called "balances".
        ordered = sorted(self.routes, key=lambda path: path.count("{"))
        self._paths = {path: path.strip("/").split("/") for path in ordered}

    @property
    def endpoints(self) -> list[tuple[str, Endpoint]]:
        """Every endpoint with its room's tag, in the order of declaration."""
        return [(room.tag, endpoint) for room in self.rooms for endpoint in room.endpoints]

    def __call__(self, event: Any, context: Any) -> Any:
        """Answer one API Gateway proxy event."""
        request = event.get("requestContext", {})
        if request.get("resourcePath") not in self.routes or not all((event.get("pathParameters") or {}).values()):
            try:
                event = self._routed(event)
            except ApiError as error:
                return answers.refusal(error, request_id_of(request)).to_dict()
        method, path = request.get("httpMethod"), event["requestContext"]["resourcePath"]
        if method not in self.routes[path]:
            return self._wrong_method(path, request_id_of(request)).to_dict()
        return super().__call__(event, context)

    def _routed(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the event with the route that its path means, with and without a slash at the end."""
        segments = _path(event).removesuffix("/").removeprefix("/").split("/")
        for path, pattern in self._paths.items():
            captured = _captured(pattern, segments)
            if captured is not None:
                context = {**event["requestContext"], "resourcePath": path}
                return {**event, "pathParameters": captured, "resource": path, "requestContext": context}
        raise NotFoundError("There is no such path; /openapi.json lists all of them.")

    def _wrong_method(self, path: str, request_id: str) -> Response:
        allowed = ", ".join(sorted(self.routes[path]))
        error = MethodNotAllowedError(f"This path takes {allowed}.", headers={"Allow": allowed})
        return answers.refusal(error, request_id)


def _path(event: Mapping[str, Any]) -> str:
    """Return the requested path, without the base path of a custom domain, which ``path`` would include."""
    caught = (event.get("pathParameters") or {}).get("proxy")
    return str(event.get("path", "/")) if caught is None else f"/{caught}"


def _captured(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    """Return the path parameters when the segments fit the pattern, else None. No parameter is empty."""
    if len(pattern) != len(segments):
        return None
    captured: dict[str, str] = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("{") and segment:
            captured[expected.strip("{}")] = segment
        elif expected != segment:
            return None
    return captured
