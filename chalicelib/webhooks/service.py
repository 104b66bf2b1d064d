"""Events as they stand: the tenant's log, oldest first."""

import json
from typing import Any

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.webhooks import delivery
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage


def all_events(env: Environment, tenant_id: str) -> list[dict[str, Any]]:
    """Return every event that a tenant ever had, oldest first: the body as delivered, with its deliveries."""
    found: list[dict[str, Any]] = []
    for page in env.store.query_all(LogPage, keys.log(tenant_id)):
        named = [keys.event(tenant_id, key) for _, key, sequence in page.told if sequence is not None]
        records = env.store.get_many(EventRecord, named)
        found += [_shown(records[key]) for key in named if key in records]
    return found


def _shown(record: EventRecord) -> dict[str, Any]:
    deliveries = [delivery.shown(record)] if record.url else []
    return {**json.loads(record.body), "deliveries": deliveries}
