"""Queue and schedule handlers of webhooks: unwrap, call, report per record."""

import json
import logging
from collections import defaultdict
from typing import Any

from chalicelib.environment import Environment
from chalicelib.webhooks import numbering, reminding, retries
from chalicelib.webhooks.batch import DeliveryBatch

logger = logging.getLogger(__name__)


def number_events(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Number what a batch of wake-ups is about, tenant by tenant."""
    by_tenant: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in event["Records"]:
        by_tenant[json.loads(record["body"])["tenant_id"]].append(record)
    failed = []
    for tenant_id, records in by_tenant.items():
        subjects = [subject for record in records for subject in json.loads(record["body"])["subjects"]]
        try:
            numbering.number(env, tenant_id, subjects)
        except Exception:
            logger.exception("events were not numbered, the wake-ups come again")
            failed += [{"itemIdentifier": record["messageId"]} for record in records]
    return {"batchItemFailures": failed}


def deliver_webhooks(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Make the attempts of a batch side by side."""
    failed = DeliveryBatch(env, event["Records"]).run()
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def sweep_outbox(env: Environment) -> None:
    """Tell again what a lost message left untold."""
    reminding.sweep_outbox(env)


def sweep_retries(env: Environment) -> None:
    """Have the webhook attempts made that fell due."""
    retries.sweep(env)
