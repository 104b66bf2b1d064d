"""The balance history of one account: a row's number is its place, so no page reads what it skips."""

from typing import cast

from chalicelib.api.pagination import read_cursor, write_cursor
from chalicelib.balances.rows import history_rows
from chalicelib.balances.schemas import History, HistoryQuery, HistoryRow, MovementType
from chalicelib.clock import iso
from chalicelib.currencies import service as currencies
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.ledger import history as rows
from chalicelib.ledger.accounts import holder_account
from chalicelib.ledger.history import HistoryRecord
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked, Class, ListPage, Matching, is_row_id
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.wallets.directory import WalletDirectory

NUMBER_DIGITS = 12


def history(env: Environment, tenant_id: str, asked: HistoryQuery) -> History:
    """Return a page of an account's history, newest first.

    Raises:
        NotFoundError: there is no such wallet.
        InvalidCurrencyError: there is no such currency.
        InvalidRequestError: the cursor cannot be read, or comes with an offset.
    """
    if asked.wallet_id:
        env.keep(WalletDirectory).require(tenant_id, asked.wallet_id)
    if asked.cursor and asked.offset:
        raise InvalidRequestError("Give a cursor or an offset, not both.", details={"cursor": ["excludes offset"]})
    account = holder_account(asked.wallet_id)
    before = _before(asked)
    matching = _matching(env, asked)
    if matching is None:
        page = _by_number(env, tenant_id, account, asked, before)
    else:
        wanted = Asked(limit=asked.limit, offset=asked.offset, cursor=asked.cursor, matching=matching)
        page = reading.page(env, history_rows(tenant_id, account), wanted)
    return History(
        history=[_shown(env, row, asked.wallet_id) for row in page.rows],
        total=page.total,
        limit=asked.limit,
        offset=asked.offset,
        next_cursor=page.next_cursor,
    )


def _by_number(
    env: Environment, tenant_id: str, account: str, asked: HistoryQuery, before: int | None
) -> ListPage[HistoryRecord]:
    """Jump to the row where the page begins: two queries, whatever the offset."""
    newest = rows.newest(env, tenant_id, account)
    total = newest.number if newest else 0
    first = (before if before is not None else total + 1) - 1 - asked.offset
    if first < 1:
        return ListPage([], total)
    span = Record.sk.between(f"{max(1, first - asked.limit + 1):012d}", f"{first:012d}")
    run = env.store.query_all(HistoryRecord, keys.history(tenant_id, account), span, newest_first=True)
    found = [row for row in run if is_row_id(row.sk)]
    has_more = len(found) == asked.limit and found[-1].number > 1
    return ListPage(found, total, write_cursor(found[-1].sk) if has_more else None)


def _before(asked: HistoryQuery) -> int | None:
    if not asked.cursor:
        return None
    position = read_cursor(asked.cursor)
    if not position.isdigit() or len(position) != NUMBER_DIGITS:
        raise InvalidRequestError("The cursor cannot be read.", details={"cursor": ["take it from next_cursor"]})
    return int(position)


def _matching(env: Environment, asked: HistoryQuery) -> Matching | None:
    if not (asked.currency or asked.type):
        return None
    code = currencies.resolve(env, asked.currency, None, None).code if asked.currency else None
    kind = asked.type

    def matches(one: Class) -> bool:
        return code in {None, one[0]} and kind in {None, one[1]}

    return matches


def _shown(env: Environment, row: HistoryRecord, wallet_id: str | None) -> HistoryRow:
    decimals = env.catalogue.by_code(row.currency).decimals
    return HistoryRow(
        id=row.movement_id,
        timestamp=iso(row.created_at / 1000),
        currency=row.currency,
        type=cast("MovementType", row.kind),
        amount=format_units(row.amount, decimals),
        gross_amount=format_units(row.gross, decimals),
        fee_amount=format_units(row.fee, decimals),
        balance_after=format_units(row.balance_after, decimals),
        reference=row.reference,
        wallet_id=wallet_id,
    )
