"""Queue and schedule handlers of withdrawals: unwrap, call, report per record."""

from typing import Any
from chalicelib.environment import Environment


def handle_payouts(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """To come."""
    return {"batchItemFailures": []}
