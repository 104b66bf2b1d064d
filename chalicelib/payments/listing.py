"""The list of a tenant's payments: newest first, filtered, by offset or cursor."""

from chalicelib.chains.records import ChainHeads
from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.errors import InvalidCurrencyError
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked, Class, ListPage, Matching
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
    codes = _codes(env, asked)
    status = asked.status
    if status is None and codes is None:
        return None

    def matches(one: Class) -> bool:
        return status in {None, one[0]} and (codes is None or one[1] in codes)

    return matches


def _codes(env: Environment, asked: ListPayments) -> set[str] | None:
    """Return the currencies that the filters leave, or None when they leave all."""
    if not (asked.currency or asked.blockchain or asked.token):
        return None
    try:
        wanted = env.catalogue.by_code(asked.currency).code if asked.currency else None
        chain = blockchain_by_name(asked.blockchain).code if asked.blockchain else None
    except ValueError as error:
        raise InvalidCurrencyError(str(error)) from None
    token = asked.token.upper() if asked.token else None
    if token and token not in {one.symbol for one in env.catalogue.tokens()}:
        raise InvalidCurrencyError("There is no such token.", details={"token": ["is not known"]})
    return {
        one.code
        for one in env.catalogue.all()
        if wanted in {None, one.code} and chain in {None, one.blockchain} and token in {None, one.token}
    }
