"""The list of a tenant's withdrawals: filtered, sorted, by offset or cursor."""

from chalicelib.api.pagination import after_of
from chalicelib.chains.records import ChainHeads
from chalicelib.currencies.filters import codes_left
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.lists import reading
from chalicelib.lists.filters import by_status_and_currency
from chalicelib.lists.spec import Asked, ListPage, created_between
from chalicelib.storage import keys
from chalicelib.withdrawals import amounts, custom_ids, periods
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.rows import class_of, withdrawal_rows
from chalicelib.withdrawals.schemas import ListWithdrawals, WithdrawalList
from chalicelib.withdrawals.service import as_now

_BY_AMOUNT = {"amount_desc": False, "amount_asc": True}


def list_withdrawals(env: Environment, tenant_id: str, asked: ListWithdrawals) -> WithdrawalList:
    """Return a page of withdrawals.

    Raises:
        InvalidRequestError, InvalidCurrencyError: a filter, order or cursor that means nothing.
    """
    page = _page(env, tenant_id, asked)
    heads_item = page.beside.get(keys.chain_heads())
    heads = ChainHeads.of_raw(heads_item) if heads_item else None
    return WithdrawalList(
        withdrawals=[as_now(env, record, heads) for record in page.rows],
        total=page.total,
        limit=asked.limit,
        offset=asked.offset,
        next_cursor=page.next_cursor,
    )


def _page(env: Environment, tenant_id: str, asked: ListWithdrawals) -> ListPage[WithdrawalRecord]:
    codes = codes_left(env, asked.currency, asked.blockchain, asked.token)
    wanted = Asked(
        limit=asked.limit,
        offset=asked.offset,
        cursor=asked.cursor,
        matching=by_status_and_currency(asked.status, codes),
        between=created_between(
            None if asked.start_date is None else periods.first_ms(asked.start_date, "start_date"),
            None if asked.end_date is None else periods.last_ms(asked.end_date, "end_date"),
        ),
        oldest_first=asked.sort == "created_asc",
        beside=[keys.chain_heads()],
    )
    if asked.sort in _BY_AMOUNT:
        currency = _one_currency(asked, codes)
        if currency is None:
            return ListPage([], 0)
        if asked.custom_id is None:
            smallest_first = _BY_AMOUNT[asked.sort]
            return amounts.page(env, tenant_id, currency, wanted, smallest_first=smallest_first)
    if asked.custom_id is not None:
        return _named(env, tenant_id, asked.custom_id, wanted)
    return reading.page(env, withdrawal_rows(tenant_id), wanted)


def _named(env: Environment, tenant_id: str, custom_id: str, wanted: Asked) -> ListPage[WithdrawalRecord]:
    """Return the withdrawal that a custom id names, if the other filters leave it."""
    after = after_of(wanted.cursor, wanted.offset)
    withdrawal_id = custom_ids.find(env, tenant_id, custom_id)
    if withdrawal_id is None:
        return ListPage([], 0)
    key = keys.withdrawal(tenant_id, withdrawal_id)
    found = env.store.get_raw([key, *wanted.beside])
    record = WithdrawalRecord.of_raw(found[key])
    low, high = wanted.between
    is_meant = (low or "") <= record.sk < (high or "~")
    if not is_meant or (wanted.matching is not None and not wanted.matching(class_of(record))):
        return ListPage([], 0)
    rows = [] if wanted.offset or after is not None else [record]
    return ListPage(rows, 1, None, {name: found[name] for name in wanted.beside if name in found})


def _one_currency(asked: ListWithdrawals, codes: set[str] | None) -> str | None:
    """Return the currency whose amounts are compared; None where the filters contradict each other.

    Raises:
        InvalidRequestError: the request does not name one.
    """
    if codes is None or not (asked.currency or (asked.blockchain and asked.token)):
        problem = "needs currency, or blockchain and token: amounts of different currencies cannot be compared"
        raise InvalidRequestError(f"sort by amount {problem}.", details={"sort": [problem]})
    return next(iter(codes), None)
