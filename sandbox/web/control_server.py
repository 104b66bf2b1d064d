"""The controls over HTTP, on this machine alone: not even a browser's page from elsewhere gets in."""

import ipaddress
import uuid
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from chalicelib.api.answers import encode
from chalicelib.errors import NotFoundError, PermissionDeniedError
from sandbox.controls import chains, surroundings, tenants
from sandbox.controls.desk import Desk
from sandbox.controls.panel import Control, find
from sandbox.inbox import wait_unless_gone
from sandbox.web.edge import Answer, EdgeHandler
from sandbox.web.serving import HttpServer, bind

BODY_LIMIT_BYTES = 1024 * 1024
INBOX = "/inbox/"


def _receive(desk: Desk, name: str) -> NoReturn:
    raise NotImplementedError  # the handler does it: a receiver needs the raw request and the connection


CONTROLS = [
    *tenants.CONTROLS,
    *chains.CONTROLS,
    *surroundings.CONTROLS,
    Control("POST", "/inbox/{name}", _receive),
]


class ControlHandler(EdgeHandler):
    """Finds the control that a request means; receives webhooks itself."""

    body_limit_bytes = BODY_LIMIT_BYTES
    desk: Desk

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one call.

        Raises:
            ApiError: the refusal.
        """
        _check_origin(headers)
        path = _path(target)
        control, parameters = find(CONTROLS, method, path)
        if control.function is _receive:
            return self._received(parameters["name"], headers, body)
        return _json(control.status, control.call(self.desk, parameters, body))

    def _received(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        inbox = self.desk.inbox
        message, manners = inbox.receive(name, headers, body), inbox.manners(name)
        if not wait_unless_gone(self.connection, manners.delay_seconds):
            raise ConnectionAbortedError("the sender went away")
        inbox.note_answer(message, manners.status)
        return Answer(
            manners.status, ({"Content-Type": "application/json"} | dict(manners.headers)).items(), b"{}"
        )


def make_server(desk: Desk, port: int) -> HttpServer:
    """Bind the controls' port.

    Raises:
        OSError: the port is in use.
    """
    return bind(type("DeskHandler", (ControlHandler,), {"desk": desk}), port, "controls")


def _json(status: int, answer: object) -> Answer:
    return Answer(
        status, [("Content-Type", "application/json"), ("X-Request-Id", str(uuid.uuid4()))], encode(answer)
    )


def _path(target: str) -> str:
    try:
        return urlsplit(target).path if target.startswith("/") else urlsplit(f"//{target}").path
    except ValueError:
        raise NotFoundError("There is no such control.") from None


def _check_origin(headers: Mapping[str, str]) -> None:
    """Refuse what a page of another site, or a name that was bent to this address, could send."""
    if not _is_loopback(f"//{headers.get('host', '')}"):
        raise PermissionDeniedError("The controls take requests to 127.0.0.1 or localhost only (Host).")
    if "origin" in headers and not _is_loopback(headers["origin"]):
        raise PermissionDeniedError("The controls take no requests from other origins (Origin).")


def _is_loopback(url: str) -> bool:
    try:
        host = unquote(urlsplit(url).hostname or "")
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
