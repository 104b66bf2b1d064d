"""Withdrawals in the order of their amounts: of one currency, found by an index.

A list of amounts cannot be counted in blocks as one of times is: new rows come anywhere in it. So pages reach only
so far (``REACH``), and where the filters leave few withdrawals, these are read and sorted.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from chalicelib.api.pagination import after_of, write_cursor
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked, ListPage
from chalicelib.storage import keys
from chalicelib.storage.records import Raw, Record
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.rows import class_of, withdrawal_rows

REACH = 1_000
_PLACE = re.compile(r"[0-9]{40}#[0-9a-f-]{36}")
_AT_A_TIME = 100


def page(
    env: Environment, tenant_id: str, currency: str, asked: Asked, *, smallest_first: bool
) -> ListPage[WithdrawalRecord]:
    """Return a page of the withdrawals in one currency, by what the recipient gets.

    Args:
        env: the environment.
        tenant_id: the merchant.
        currency: the currency's code.
        asked: which page; its offset and limit together come to ``REACH`` at most.
        smallest_first: from the smallest amount up.

    Raises:
        InvalidRequestError: the cursor cannot be read, or comes with an offset; or the page is out of reach.
    """
    if asked.offset + asked.limit > REACH:
        problem = f"offset and limit together come to at most {REACH} when sorted by amount"
        raise InvalidRequestError(f"{problem.capitalize()}.", details={"offset": [problem]})
    after = _after(asked)
    counted = Asked(limit=1, matching=asked.matching, between=asked.between, beside=asked.beside)
    first = reading.page(env, withdrawal_rows(tenant_id), counted)
    if first.total <= REACH:
        ordered: Iterable[WithdrawalRecord] = _sorted(env, tenant_id, asked, after, smallest_first)
    else:
        ordered = _walked(env, tenant_id, currency, asked, after, smallest_first)
    found = list(islice(ordered, asked.offset, asked.offset + asked.limit + 1))
    rows, has_more = found[: asked.limit], len(found) > asked.limit
    next_cursor = write_cursor(_place(rows[-1])) if has_more else None
    return ListPage(rows, first.total, next_cursor, first.beside)


def _after(asked: Asked) -> str | None:
    after = after_of(asked.cursor, asked.offset)
    if after is not None and not _PLACE.fullmatch(after):
        raise InvalidRequestError(
            "The cursor is of a list in another order.", details={"cursor": ["take it from next_cursor"]}
        )
    return after


def _sorted(
    env: Environment, tenant_id: str, asked: Asked, after: str | None, smallest_first: bool
) -> list[WithdrawalRecord]:
    every = Asked(limit=REACH, matching=asked.matching, between=asked.between)
    found = reading.page(env, withdrawal_rows(tenant_id), every).rows
    ordered = sorted(found, key=_place, reverse=not smallest_first)
    return [record for record in ordered if _is_behind(_place(record), after, smallest_first)]


def _walked(
    env: Environment, tenant_id: str, currency: str, asked: Asked, after: str | None, smallest_first: bool
) -> Iterator[WithdrawalRecord]:
    """Follow the index from one end, a hundred at a time, and pass over what the filters leave out."""
    partition = keys.withdrawals_by_amount(tenant_id, currency)
    low, high = asked.between
    start: Raw | None = None
    span = None
    if after is not None:
        span = WithdrawalRecord.lv > after if smallest_first else WithdrawalRecord.lv < after
    while True:
        entries = env.store.query(
            Record,
            partition,
            span,
            limit=_AT_A_TIME,
            newest_first=not smallest_first,
            start_key=start,
            index="list_index",
        )
        ids = [entry.sk for entry in entries.records if (low or "") <= entry.sk < (high or "~")]
        named = [keys.withdrawal(tenant_id, withdrawal_id) for withdrawal_id in ids]
        found = env.store.get_many(WithdrawalRecord, named) if named else {}
        for key in named:
            if key in found and (asked.matching is None or asked.matching(class_of(found[key]))):
                yield found[key]
        start = entries.last_key
        if start is None:
            return


def _place(record: WithdrawalRecord) -> str:
    return f"{record.amount:040d}#{record.sk}"


def _is_behind(place: str, after: str | None, smallest_first: bool) -> bool:
    return after is None or (place > after if smallest_first else place < after)
