"""The list of a tenant's deliveries, newest first: no page reads what it skips."""

from collections.abc import Iterator
from typing import Any, cast

from chalicelib.api.pagination import read_cursor, write_cursor
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.storage import keys
from chalicelib.webhooks import directory, events, pages
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage
from chalicelib.webhooks.schemas import Attempt, Delivery, DeliveryList, DeliveryStatus, ListDeliveries

ID_PREFIX, EVENT_PREFIX = "dlv_", "evt_"
FILTER_LOOKS_AT = 1000  # the newest deliveries; a filter costs a read for each
READ_AT_ONCE = 100

Placed = tuple[int, EventRecord]


def list_deliveries(env: Environment, tenant_id: str, asked: ListDeliveries) -> DeliveryList:
    """Return a page of deliveries.

    Without a filter it takes three calls wherever the page lies: the log's last page for the total, one query
    that finds the page's events, one read of them. A filter looks at the newest ``FILTER_LOOKS_AT`` alone.

    Raises:
        InvalidRequestError: the cursor cannot be read, or comes with an offset.
    """
    below = _below(asked)
    newest = pages.last(env, tenant_id)
    total = newest.deliveries_until if newest else 0
    if newest is None or total == 0:
        return _answer(asked, [], 0, is_last=True)
    if asked.status or asked.event:
        return _filtered(env, tenant_id, asked, newest, below)
    high = (total if below is None else min(total, below - 1)) - asked.offset
    low = max(1, high - asked.limit + 1)
    found = _read(env, tenant_id, low, high, newest) if high > 0 else []
    return _answer(asked, found, total, is_last=low == 1)


def find(env: Environment, tenant_id: str, delivery_id: str) -> EventRecord:
    """Return the event of a delivery.

    Raises:
        NotFoundError: the tenant has no such delivery; an event that went nowhere is none.
    """
    record = None
    if delivery_id.startswith(ID_PREFIX):
        event_id = EVENT_PREFIX + delivery_id.removeprefix(ID_PREFIX)
        record = env.store.get(EventRecord, keys.event(tenant_id, event_id))
    if record is None or record.url is None:
        raise NotFoundError("There is no such delivery.")
    return record


def delivery_id(event_id: str) -> str:
    """Return the id of an event's delivery."""
    return ID_PREFIX + event_id.removeprefix(EVENT_PREFIX)


def shown(record: EventRecord) -> Delivery:
    """Return a delivery as it is shown: never with anything of the receiver's answer."""
    next_at = record.next_attempt_at
    return Delivery(
        id=delivery_id(record.sk),
        event_id=record.sk,
        event=record.name,
        url=str(record.url),
        status=cast("DeliveryStatus", record.delivery),
        attempts=[Attempt(**one) for one in events.shown_attempts(record)],
        next_attempt_at=iso(next_at) if next_at and record.delivery == events.PENDING else None,
        created_at=iso(record.created_at / 1000),
    )


def shown_of_event(record: EventRecord) -> dict[str, Any]:
    """Return an event's delivery as it stands beside the event's body."""
    return {"url": record.url, "status": record.delivery, "attempts": events.shown_attempts(record)}


def _answer(asked: ListDeliveries, found: list[Placed], total: int, *, is_last: bool) -> DeliveryList:
    return DeliveryList(
        deliveries=[shown(record) for _, record in found],
        total=total,
        limit=asked.limit,
        offset=asked.offset,
        next_cursor=None if is_last or not found else write_cursor(str(found[-1][0])),
    )


def _filtered(
    env: Environment, tenant_id: str, asked: ListDeliveries, newest: LogPage, below: int | None
) -> DeliveryList:
    matching = [one for one in _newest(env, tenant_id, newest) if _matches(asked, one[1])]
    rest = [one for one in matching if below is None or one[0] < below][asked.offset :]
    found = rest[: asked.limit]
    return _answer(asked, found, len(matching), is_last=len(rest) == len(found))


def _matches(asked: ListDeliveries, record: EventRecord) -> bool:
    return asked.status in {None, record.delivery} and asked.event in {None, record.name}


def _newest(env: Environment, tenant_id: str, newest: LogPage) -> Iterator[Placed]:
    total = newest.deliveries_until
    for high in range(total, max(0, total - FILTER_LOOKS_AT), -READ_AT_ONCE):
        yield from _read(env, tenant_id, max(1, high - READ_AT_ONCE + 1), high, newest)


def _read(env: Environment, tenant_id: str, low: int, high: int, newest: LogPage) -> list[Placed]:
    """Return the deliveries from one place to another, newest first; one not written yet is absent."""
    event_ids = directory.event_ids(env, tenant_id, low, high, newest)
    named = {place: keys.event(tenant_id, event_id) for place, event_id in sorted(event_ids.items(), reverse=True)}
    # At half the price of a strong read: a delivery of this moment may be absent for a moment longer.
    records = env.store.get_many(EventRecord, list(named.values()), consistent=False) if named else {}
    return [(place, records[key]) for place, key in named.items() if key in records]


def _below(asked: ListDeliveries) -> int | None:
    if not asked.cursor:
        return None
    if asked.offset:
        raise InvalidRequestError("Give a cursor or an offset, not both.", details={"cursor": ["excludes offset"]})
    position = read_cursor(asked.cursor)
    if not position.isdigit():
        raise InvalidRequestError("The cursor cannot be read.", details={"cursor": ["take it from next_cursor"]})
    return int(position)
