"""What the platform has taken from a tenant in fees, and the newest of it.

The newest is found from the numbered log, page by page from its end: each page names the history rows that it
numbered, of whichever account. So it costs a few calls, whatever the tenant's size.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from chalicelib.balances.schemas import FeeCollection, Fees
from chalicelib.clock import iso
from chalicelib.currencies import service as currencies
from chalicelib.environment import Environment
from chalicelib.errors import RatesUnavailableError
from chalicelib.ledger import service as ledger
from chalicelib.ledger.history import HistoryRecord
from chalicelib.money import format_units
from chalicelib.storage import keys
from chalicelib.storage.records import Key
from chalicelib.webhooks.pages import LogPage
from chalicelib.withdrawals.records import WithdrawalRecord

LISTED = 50
LOOKED_AT_PAGES = 60
LOOKED_AT_ROWS = 100
USD_CENTS = 100
_TRANSFER, _WITHDRAWAL = "transfer:", "withdrawal:"


def fees(env: Environment, tenant_id: str) -> Fees:
    """Return the fees taken from a tenant by currency, what they are worth now, and the newest collections."""
    taken: defaultdict[str, int] = defaultdict(int)
    for account in ledger.balances(env, tenant_id):
        if account.balance.fees_taken_units:
            taken[account.currency] += account.balance.fees_taken_units
    return Fees(
        fee_balances={code: _money(env, units, code) for code, units in sorted(taken.items())},
        recent_collections=_newest(env, tenant_id),
        total_fees_usd_estimate=_worth(env, taken),
    )


def _worth(env: Environment, taken: dict[str, int]) -> str | None:
    """Return what fees are worth in US dollars now, to the cent below; None when a price is missing or stale."""
    try:
        worth = sum(
            (
                Fraction(units, 10 ** env.catalogue.by_code(code).decimals)
                * currencies.rate(env, code, "USD", is_fixed=False)
                for code, units in taken.items()
            ),
            Fraction(0),
        )
    except RatesUnavailableError:
        return None
    cents = int(worth * USD_CENTS)
    return f"{cents // USD_CENTS}.{cents % USD_CENTS:02d}"


def _newest(env: Environment, tenant_id: str) -> list[FeeCollection]:
    """Return the newest fees, newest first; one that was given back is negative."""
    pages = env.store.query(LogPage, keys.log(tenant_id), limit=LOOKED_AT_PAGES, newest_first=True).records
    named = [one for page in pages for one in _rows(tenant_id, page)][:LOOKED_AT_ROWS]
    withdrawals = [withdrawal for _, withdrawal in named if withdrawal]
    found = env.store.get_raw([*(row for row, _ in named), *withdrawals]) if named else {}
    shown: list[FeeCollection] = []
    for key, withdrawal in named:
        if key in found:  # else it is being written this moment
            row = HistoryRecord.of_raw(found[key])
            units = WithdrawalRecord.of_raw(found[withdrawal]).platform_fee if withdrawal else row.fee
            shown += [_shown(env, row, units)] if row.fee and units else []
    return shown[:LISTED]


def _rows(tenant_id: str, page: LogPage) -> Iterable[tuple[Key, Key | None]]:
    """Return the history rows that a page numbered, newest first, and of each what withdrawal it is about.

    A withdrawal's row tells the network's fee too, which is not the platform's; transfers bear no fee.
    """
    transfers = {subject.removeprefix(_TRANSFER) for subject, _, _ in page.told if subject.startswith(_TRANSFER)}
    for account, number, movement_id, _ in reversed(page.rows or []):
        if movement_id not in transfers:
            withdrawal = keys.withdrawal(tenant_id, movement_id.removeprefix(_WITHDRAWAL))
            is_withdrawal = movement_id.startswith(_WITHDRAWAL)
            yield keys.history_row(tenant_id, account, number), withdrawal if is_withdrawal else None


def _shown(env: Environment, row: HistoryRecord, fee_units: int) -> FeeCollection:
    return FeeCollection(
        currency=row.currency,
        amount=_money(env, fee_units, row.currency),
        collected_at=iso(row.created_at / 1000),
        reference=row.reference,
    )


def _money(env: Environment, units: int, code: str) -> str:
    return format_units(units, env.catalogue.by_code(code).decimals)
