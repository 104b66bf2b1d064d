"""Calls the application as API Gateway does, with a proxy event: no socket, no server."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.api.application import GREEDY, GatewayApplication

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error code; the whole envelope is checked on the way."""
        assert set(self.json) == {"error"}, self.text
        error = self.json["error"]
        assert set(error) == {"code", "message", "details"}, self.text
        assert error["message"].endswith((".", "…")), "a message is a sentence"
        return str(error["code"])


class ApiClient:
    """Sends requests to an application; ``token`` signs all of them that do not say otherwise."""

    def __init__(self, app: GatewayApplication, token: str | None = None) -> None:
        self.app = app
        self.token = token

    def with_token(self, token: str | None) -> "ApiClient":
        return ApiClient(self.app, token)

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def post(self, path: str, json_body: Any = None, **options: Any) -> Answer:
        if json_body is not None:
            options["raw"] = json.dumps(json_body)
        return self.send("POST", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.send("DELETE", path, **options)

    def send(
        self,
        method: str,
        path: str,
        *,
        raw: str | bytes | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        resource: str = GREEDY,
        path_parameters: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; ``resource`` is what API Gateway matched, the greedy one unless told otherwise."""
        sent = dict(headers or {})
        if self.token is not None and not any(name.lower() == "authorization" for name in sent):
            sent["Authorization"] = f"Bearer {self.token}"
        if form is not None:
            raw = urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif raw is not None and not any(name.lower() == "content-type" for name in sent):
            sent["Content-Type"] = "application/json"
        event = _event(method, path, raw, sent, query)
        event["resource"] = event["requestContext"]["resourcePath"] = resource
        caught = {"proxy": path.removeprefix("/")} if path_parameters is None else dict(path_parameters)
        event["pathParameters"] = caught or None
        answer = self.app(event, None)
        lowered = {name.lower(): value for name, value in answer["headers"].items()}
        assert lowered["x-request-id"] == REQUEST_ID, "every answer names its request"
        return Answer(answer["statusCode"], lowered, answer["body"])


def _event(
    method: str,
    path: str,
    raw: str | bytes | None,
    headers: Mapping[str, str],
    query: Mapping[str, Any] | None,
) -> dict[str, Any]:
    parameters = {name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()}
    is_binary = isinstance(raw, bytes)
    return {
        "path": path,
        "httpMethod": method,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "stageVariables": None,
        "body": base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw,
        "isBase64Encoded": is_binary,
        "requestContext": {
            "requestId": REQUEST_ID,
            "httpMethod": method,
            "path": f"/v1{path}",
            "identity": {"sourceIp": "198.51.100.7"},
        },
    }
