"""The list of a tenant's payments: newest first, filtered, by offset or cursor."""

from pynamodb.expressions.condition import Condition

from chalicelib.api.pagination import read_cursor, write_cursor
from chalicelib.chains.records import ChainHeads
from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.errors import InvalidCurrencyError, InvalidRequestError
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.schemas import ListPayments, PaymentList
from chalicelib.payments.service import as_now
from chalicelib.storage import keys
from chalicelib.storage.records import Raw, Record


def list_payments(env: Environment, tenant_id: str, asked: ListPayments) -> PaymentList:
    """Return a page of payments.

    Raises:
        InvalidRequestError, InvalidCurrencyError: a filter or cursor that means nothing.
    """
    matching = _matching(env, asked)
    after = read_cursor(asked.cursor) if asked.cursor else None
    if after and asked.offset:
        raise InvalidRequestError("Give a cursor or an offset, not both.", details={"cursor": ["excludes offset"]})
    offset = 0 if after else asked.offset
    found, is_complete = _page(env, tenant_id, matching, offset + asked.limit, after)
    page = found[offset:]
    # What was read to its end has been counted already.
    total = (
        len(found) if is_complete and not after else env.store.count(keys.payments(tenant_id), matching=matching)
    )
    heads = env.store.get(ChainHeads, keys.chain_heads()) if page else None
    return PaymentList(
        count=len(page),
        total=max(total, offset + len(page)) if page else total,
        offset=asked.offset,
        limit=asked.limit,
        next_cursor=None if is_complete or not page else write_cursor(page[-1].sk),
        results=[as_now(env, record, heads) for record in page],
    )


def _page(
    env: Environment, tenant_id: str, matching: Condition | None, wanted: int, after: str | None
) -> tuple[list[PaymentRecord], bool]:
    """Read until that many match, and say whether the partition ended there."""
    found: list[PaymentRecord] = []
    start_key: Raw | None = None
    older = Record.sk < after if after else None
    while True:
        limit = wanted - len(found) if matching is None else None
        page = env.store.query(
            PaymentRecord,
            keys.payments(tenant_id),
            older,
            limit=limit,
            newest_first=True,
            start_key=start_key,
            matching=matching,
        )
        found += page.records
        start_key = page.last_key
        if start_key is None or len(found) > wanted or (matching is None and len(found) == wanted):
            return found[:wanted], start_key is None and len(found) <= wanted


def _matching(env: Environment, asked: ListPayments) -> Condition | None:
    conditions: list[Condition] = []
    if asked.status:
        conditions.append(PaymentRecord.status == asked.status)
    if asked.order_id:
        conditions.append(PaymentRecord.order_id == asked.order_id)
    codes = _codes(env, asked)
    if codes is not None:
        # A filter that no currency fits matches nothing: no code is empty.
        conditions.append(PaymentRecord.currency.is_in(*(codes or [" "])))
    combined: Condition | None = None
    for condition in conditions:
        combined = condition if combined is None else combined & condition
    return combined


def _codes(env: Environment, asked: ListPayments) -> list[str] | None:
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
    return [
        one.code
        for one in env.catalogue.all()
        if wanted in {None, one.code} and chain in {None, one.blockchain} and token in {None, one.token}
    ]
