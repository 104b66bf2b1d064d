"""Queue and schedule handlers of withdrawals: unwrap, call, report per record."""

import json
import logging
from collections import defaultdict
from typing import Any

from chalicelib.environment import Environment
from chalicelib.payouts import turns

logger = logging.getLogger(__name__)


def handle_payouts(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Give each hot wallet that was woken one turn, however often it was; what fails comes again."""
    woken: defaultdict[str, list[str]] = defaultdict(list)
    for record in event["Records"]:
        woken[json.loads(record["body"])["blockchain"]].append(record["messageId"])
    failed = []
    for blockchain, message_ids in woken.items():
        try:
            turns.turn(env, blockchain)
        except Exception:
            logger.exception("the payouts of %s were not all dealt with, the wake-up comes again", blockchain)
            failed += [{"itemIdentifier": message_id} for message_id in message_ids]
    return {"batchItemFailures": failed}


def sweep_payouts(env: Environment) -> None:
    """Wake hot wallets with open payouts, and tell what a lost message left untold."""
    turns.sweep(env)
