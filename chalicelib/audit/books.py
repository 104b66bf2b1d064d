"""What the books say is in custody, over all merchants and the platform's own moves, and how they came to it.

Everything is read, once: a full reading a day costs less than counters that every commit would have to keep.
"""

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from chalicelib.environment import Environment
from chalicelib.ledger.accounts import CUSTODY
from chalicelib.ledger.entries import account_units
from chalicelib.ledger.records import MovementRecord
from chalicelib.storage import keys
from chalicelib.tenants.service import list_tenants
from chalicelib.withdrawals import bookings
from chalicelib.withdrawals.records import WithdrawalRecord

UnitsByCode = defaultdict[str, int]
REVERSED = ":reversal"
CORRECTION = "correction:"
FUNDING = "funding:"


def _by_code() -> UnitsByCode:
    return defaultdict(int)


@dataclass(frozen=True, eq=False)
class Books:
    """What was read of the books.

    Attributes:
        custody: currency code to the units in custody: debits less credits.
        credited: deposit to the units that are booked for it, of the deposits that were asked for.
        paid: withdrawal to the units that it has taken out of custody, by code; of those that were asked for.
        funded: currency code to the units that the operator put into custody by hand: they lie in the hot wallet.
        hot_wallets: blockchain to the address that deposits were swept to.
        rows: how many rows were read.
    """

    custody: UnitsByCode = field(default_factory=_by_code)
    credited: UnitsByCode = field(default_factory=_by_code)
    paid: dict[str, UnitsByCode] = field(default_factory=lambda: defaultdict(_by_code))
    funded: UnitsByCode = field(default_factory=_by_code)
    hot_wallets: dict[str, str] = field(default_factory=dict)
    rows: UnitsByCode = field(default_factory=_by_code)


def read(env: Environment, deposits: Container[str], payouts: Container[str], since: float) -> Books:
    """Read the books of every merchant, and of the platform.

    Args:
        env: the environment.
        deposits: the identities of the deposits that are to be told one by one.
        payouts: the ids of the withdrawals that are, and
        since: those that were made from this moment on, in Unix seconds.

    Raises:
        StorageUnavailableError: the table does not answer.
    """
    books = Books()
    for tenant_id in _owners(env):
        _read_journal(env, tenant_id, books, deposits, payouts)
        for record in env.store.query_all(WithdrawalRecord, keys.withdrawals(tenant_id)):
            if not record.created_at:
                continue  # the list's root lies among its rows
            books.rows["withdrawals"] += 1
            _take_withdrawal(books, record, record.sk in payouts or record.created_at >= since * 1000)
    return books


def _owners(env: Environment) -> Iterable[str]:
    """Yield whose books there are; transfers move nothing in or out of custody, so they need not be read."""
    yield from (entry.sk for entry in list_tenants(env))
    yield keys.PLATFORM


def _read_journal(
    env: Environment, tenant_id: str, books: Books, deposits: Container[str], payouts: Container[str]
) -> None:
    for row in env.store.query_all(MovementRecord, keys.journal(tenant_id)):
        books.rows["movements"] += 1
        units = account_units(row.sides, CUSTODY)
        books.custody[row.currency] += units
        if row.sk.startswith(FUNDING):
            books.funded[row.currency] += units
        deposit_id = row.sk.removesuffix(REVERSED).rpartition(":")[0]  # without its round
        if deposit_id in deposits:
            books.credited[deposit_id] += units
        elif row.sk.startswith(CORRECTION):
            withdrawal_id = row.reference
            if withdrawal_id in payouts:
                books.paid[withdrawal_id][row.currency] -= units


def _take_withdrawal(books: Books, record: WithdrawalRecord, is_told: bool) -> None:
    if record.is_internal and record.source and record.blockchain:
        books.hot_wallets[record.blockchain] = record.address
    for currency, sides in bookings.entries(record):
        units = account_units(sides, CUSTODY)
        books.custody[currency] += units
        if is_told:
            books.paid[record.sk][currency] -= units
