"""Queue and schedule handlers of transfers: unwrap, call, report per record."""

import json
import logging
from collections import defaultdict
from typing import Any

from chalicelib.acting import acting_for
from chalicelib.environment import Environment
from chalicelib.transfers import draining, sweeping

logger = logging.getLogger(__name__)


def handle_transfers(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Settle what a batch of wake-ups is about, one part of one merchant after the other."""
    by_lane: defaultdict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    for record in event["Records"]:
        message = json.loads(record["body"])
        by_lane[message["tenant_id"], message["part"]].append((record["messageId"], message["transfer_id"]))
    failed: list[str] = []
    for (tenant_id, part), wakeups in by_lane.items():
        try:
            with acting_for(tenant_id):
                draining.drain(env, tenant_id, part, [transfer_id for _, transfer_id in wakeups])
        except Exception:
            logger.exception("transfers were not settled, the wake-ups come again")
            failed += [message_id for message_id, _ in wakeups]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def sweep_transfers(env: Environment) -> None:
    """Settle and tell what a lost message left behind."""
    sweeping.sweep(env)
