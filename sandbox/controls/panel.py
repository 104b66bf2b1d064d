"""The list of the controls, and finding the one that a request means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from chalicelib.api import json_text, parsing
from chalicelib.errors import MethodNotAllowedError, NotFoundError
from sandbox.controls.desk import Desk

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Control:
    """One call.

    Attributes:
        method: GET, POST or PUT.
        path: with its parameters in braces.
        function: takes the desk, the body (when there is a schema) and the path's parameters by name.
        body: the body's schema, or None when there is none to read.
        status: of a success.
    """

    method: str
    path: str
    function: Function
    body: type[msgspec.Struct] | None = None
    status: int = 200

    def call(self, desk: Desk, parameters: Mapping[str, str], raw_body: bytes) -> Any:
        """Read the body and do it.

        Raises:
            ApiError: the refusal.
        """
        if self.body is None:
            return self.function(desk, **parameters)
        body = parsing.read_body(self.body, json_text.parse(raw_body or b"{}"))
        return self.function(desk, body, **parameters)


def find(controls: Sequence[Control], method: str, path: str) -> tuple[Control, dict[str, str]]:
    """Return the control that a request means, with the path's parameters; a slash at the end does not count.

    Raises:
        NotFoundError: no such path.
        MethodNotAllowedError: the path exists, the method on it does not.
    """
    segments = path.removesuffix("/").removeprefix("/").split("/")
    fitting = [(each, got) for each in controls if (got := _captured(each.path, segments)) is not None]
    if not fitting:
        raise NotFoundError("There is no such control: check the path.")
    for control, parameters in fitting:
        if control.method == method:
            return control, parameters
    allowed = ", ".join(sorted({control.method for control, _ in fitting}))
    raise MethodNotAllowedError(f"This path takes {allowed}.", headers={"Allow": allowed})


def _captured(pattern: str, segments: Sequence[str]) -> dict[str, str] | None:
    expected = pattern.strip("/").split("/")
    if len(expected) != len(segments) or not all(segments):
        return None
    pairs = list(zip(expected, map(unquote, segments), strict=True))
    if any(not name.startswith("{") and name != value for name, value in pairs):
        return None
    return {name.strip("{}"): value for name, value in pairs if name.startswith("{")}
