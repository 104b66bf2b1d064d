"""Queue and schedule handlers of webhooks: unwrap, call, report per record."""

import json
import logging
import time
from collections import defaultdict
from functools import partial
from typing import Any

from chalicelib.environment import Environment
from chalicelib.webhooks import delivery, numbering, reminding, retries
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pool import SenderPool

CONCURRENCY = 10
HANDED_BACK_SECONDS = 2
BATCH_SECONDS = 50  # below the function's timeout

logger = logging.getLogger(__name__)


def number_events(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Number what a batch of wake-ups is about, tenant by tenant."""
    by_tenant: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in event["Records"]:
        by_tenant[json.loads(record["body"])["tenant_id"]].append(record)
    failed = []
    for tenant_id, records in by_tenant.items():
        subjects = [json.loads(record["body"])["subject"] for record in records]
        try:
            numbering.number(env, tenant_id, subjects)
        except Exception:
            logger.exception("events were not numbered, the wake-ups come again")
            failed += [{"itemIdentifier": record["messageId"]} for record in records]
    return {"batchItemFailures": failed}


def deliver_webhooks(env: Environment, event: dict[str, Any]) -> dict[str, Any]:
    """Make the attempts of a batch side by side; what finds its tenant or endpoint busy is handed back."""
    pool = env.keep(_Pool).pool
    outcomes: dict[str, bool] = {}
    for record in event["Records"]:
        _begin(env, pool, record, outcomes)
    waited_until = time.monotonic() + BATCH_SECONDS
    while None in [outcomes.get(record["messageId"]) for record in event["Records"]]:
        if time.monotonic() > waited_until:
            break
        time.sleep(0.002)
    unfinished = [record["messageId"] for record in event["Records"] if not outcomes.get(record["messageId"])]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in unfinished]}


def sweep_outbox(env: Environment) -> None:
    """Tell again what a lost message left untold."""
    reminding.sweep_outbox(env)


def sweep_retries(env: Environment) -> None:
    """Have the webhook attempts made that fell due."""
    retries.sweep(env)


class _Pool:
    """This process's sender pool."""

    def __init__(self, env: Environment) -> None:
        del env
        self.pool = SenderPool(CONCURRENCY)


def _begin(env: Environment, pool: SenderPool, record: dict[str, Any], outcomes: dict[str, bool]) -> None:
    message_id, message = record["messageId"], json.loads(record["body"])
    tenant_id, event_id = message["tenant_id"], message["event_id"]

    def job(due: EventRecord) -> bool | None:
        try:
            made = delivery.attempt(env, tenant_id, due)
        except Exception:
            logger.exception("an attempt was not logged, it comes again")
            outcomes[message_id] = False
            return None
        outcomes[message_id] = True
        return made.answered

    try:
        due = delivery.due_event(env, tenant_id, event_id)
        if due is None:
            outcomes[message_id] = True
        elif not pool.try_submit(tenant_id, delivery.endpoint_of(env, due), partial(job, due)):
            env.queues.deliver(tenant_id, event_id, HANDED_BACK_SECONDS)
            outcomes[message_id] = True
    except Exception:
        logger.exception("an event was not read, its message comes again")
        outcomes[message_id] = False
