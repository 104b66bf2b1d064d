"""A small HTTP client for the demo: the standard library alone, as any integrator could write it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 60


class DemoError(Exception):
    """The story cannot go on; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Api:
    """One server, with or without a token."""

    base_url: str
    token: str = ""

    def with_token(self, token: str) -> "Api":
        """Return the same server, asked with a token."""
        return Api(self.base_url, token)

    def get(self, path: str) -> Any:
        """Ask, and return the answer's JSON."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Send JSON, and return the answer's JSON."""
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"} if body else {}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)  # noqa: S310 -- loopback
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 -- the same
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
            raise DemoError(f"{method} {path} was answered {error.code}: {told}") from None
        except (OSError, ValueError) as error:
            raise DemoError(
                f"{method} {self.base_url}{path} got no answer ({error}): is `make run` running?"
            ) from None


def credentials_in(directory: str) -> dict[str, Any]:
    """Read the credentials that a running sandbox wrote.

    Raises:
        DemoError: there are none.
    """
    path = Path(directory) / "credentials.json"
    try:
        credentials: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        raise DemoError(f"{path} cannot be read: start the sandbox first, with `make run`.") from None
    return credentials
