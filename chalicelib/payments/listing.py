"""The list of a tenant's payments: newest first, filtered, by offset or cursor."""

from chalicelib.chains.records import ChainHeads
from chalicelib.currencies.filters import codes_left
from chalicelib.environment import Environment
from chalicelib.lists import reading
from chalicelib.lists.filters import by_status_and_currency
from chalicelib.lists.spec import Asked, ListPage, Matching
from chalicelib.payments import orders
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.rows import payment_rows
from chalicelib.payments.schemas import ListPayments, PaymentList
from chalicelib.payments.service import as_now
from chalicelib.storage import keys


def list_payments(env: Environment, tenant_id: str, asked: ListPayments) -> PaymentList:
    """Return a page of payments.

    Raises:
        InvalidRequestError, InvalidCurrencyError: a filter or cursor that means nothing.
    """
    wanted = Asked(
        limit=asked.limit,
        offset=asked.offset,
        cursor=asked.cursor,
        matching=_matching(env, asked),
        beside=[keys.chain_heads()],
    )
    if asked.order_id:
        page = orders.page(env, tenant_id, asked.order_id, wanted)
    else:
        page = reading.page(env, payment_rows(tenant_id), wanted)
    heads = _heads(page)
    return PaymentList(
        count=len(page.rows),
        total=page.total,
        offset=asked.offset,
        limit=asked.limit,
        next_cursor=page.next_cursor,
        results=[as_now(env, record, heads) for record in page.rows],
    )


def _heads(page: ListPage[PaymentRecord]) -> ChainHeads | None:
    item = page.beside.get(keys.chain_heads())
    return ChainHeads.of_raw(item) if item else None


def _matching(env: Environment, asked: ListPayments) -> Matching | None:
    codes = codes_left(env, asked.currency, asked.blockchain, asked.token)
    return by_status_and_currency(asked.status, codes)
