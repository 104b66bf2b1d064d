"""The payments of one order: few, so they are read rather than counted."""

from chalicelib.api.pagination import after_of, write_cursor
from chalicelib.environment import Environment
from chalicelib.lists.records import ItemRecord
from chalicelib.lists.spec import Asked, ListPage, is_row_id
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.rows import OWN_ORDER, class_of
from chalicelib.storage import keys


def page(env: Environment, tenant_id: str, order_id: str, asked: Asked) -> ListPage[PaymentRecord]:
    """Return a page of an order's payments, newest first: two calls, and more for an order of hundreds.

    Args:
        env: the environment.
        tenant_id: the merchant.
        order_id: the order, as the merchant named it, or as a payment that came without one was given it.
        asked: which page.

    Raises:
        InvalidRequestError: the cursor cannot be read, or comes with an offset.
    """
    after = after_of(asked.cursor, asked.offset)
    named = [keys.payment(tenant_id, payment_id) for payment_id in _named(env, tenant_id, order_id)]
    items = env.store.get_raw([*named, *asked.beside])
    found = [PaymentRecord.of_raw(items[key]) for key in named if key in items]
    matching = [
        record
        for record in found
        if record.order_id == order_id and (asked.matching is None or asked.matching(class_of(record)))
    ]
    behind = [record for record in matching if after is None or record.sk < after]
    shown = behind[asked.offset : asked.offset + asked.limit]
    has_more = len(behind) > asked.offset + len(shown)
    return ListPage(
        rows=shown,
        total=len(matching),
        next_cursor=write_cursor(shown[-1].sk) if shown and has_more else None,
        beside={key: items[key] for key in asked.beside if key in items},
    )


def _named(env: Environment, tenant_id: str, order_id: str) -> list[str]:
    """Return the ids of payments that may be of an order, newest first."""
    partition = keys.payments_by_order(tenant_id, order_id)
    found = {record.raw["lv"]["S"] for record in env.store.query_all(ItemRecord, partition, index="list_index")}
    own = order_id.removeprefix(OWN_ORDER)
    if own != order_id and own and is_row_id(own):
        found.add(own)
    return sorted(found, reverse=True)
