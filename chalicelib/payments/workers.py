"""Queue and schedule handlers of payments: unwrap, call, report per record."""

import json
import logging
from typing import Any

from chalicelib.environment import Environment
from chalicelib.payments import deposit_sweep, deposit_work, expiry

logger = logging.getLogger(__name__)


def handle_deposits(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Deal with a batch of sightings; what fails comes again alone."""
    failed = []
    for record in event["Records"]:
        try:
            deposit_work.handle(env, json.loads(record["body"]))
        except Exception:
            logger.exception("a deposit was not dealt with, its message comes again")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def expire_payments(env: Environment) -> None:
    """Expire the payments that fell due."""
    expiry.sweep(env)


def sweep_deposits(env: Environment) -> None:
    """Tell again of deposits that a lost message left behind."""
    deposit_sweep.sweep(env)
