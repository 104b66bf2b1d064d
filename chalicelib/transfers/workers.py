"""Queue handlers of transfers: unwrap, call, report per record."""

from typing import Any
from chalicelib.environment import Environment


def handle_transfers(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """To come."""
    return {"batchItemFailures": []}
