"""Events as they stand: the tenant's log, oldest first."""

import json
from typing import Any

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.webhooks import deliveries, pages
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage


def events_after(env: Environment, tenant_id: str, after: int, limit: int) -> tuple[list[bytes], bool]:
    """Return a part of a tenant's log: one query and one read, wherever it lies.

    Args:
        env: the environment.
        tenant_id: whose log.
        after: the events above this number, oldest first.
        limit: how many, at most 100.

    Returns:
        The bodies as delivered, without a gap between them, and whether there are more.
    """
    numbered = pages.numbered_between(env, tenant_id, after + 1, after + limit + 1)
    named = [keys.event(tenant_id, event_id) for _, event_id in sorted(numbered.items())[:limit]]
    # At half the price of a strong read: bodies never change, and what is not there yet ends the page.
    records = env.store.get_many(EventRecord, named, consistent=False) if named else {}
    bodies: list[bytes] = []
    for key in named:
        if key not in records:  # it has its number and is being written: all after it waits
            return bodies, False
        bodies.append(records[key].body)
    return bodies, len(numbered) > limit


def all_events(env: Environment, tenant_id: str) -> list[dict[str, Any]]:
    """Return every event that a tenant ever had, oldest first: the body as delivered, with its deliveries."""
    found: list[dict[str, Any]] = []
    for page in env.store.query_all(LogPage, keys.log(tenant_id)):
        named = [keys.event(tenant_id, key) for _, key, sequence in page.told if sequence is not None]
        records = env.store.get_many(EventRecord, named)
        found += [_shown(records[key]) for key in named if key in records]
    return found


def _shown(record: EventRecord) -> dict[str, Any]:
    shown = [deliveries.shown_of_event(record)] if record.url else []
    return {**json.loads(record.body), "deliveries": shown}
