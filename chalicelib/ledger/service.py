"""The ledger's own use cases: what a merchant has, the trial balance, money put in by the operator."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from chalicelib import ids
from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import Entry, TrialRow, trial_balance
from chalicelib.ledger.parts import SplitBalance
from chalicelib.ledger.records import BalanceRecord, MovementRecord
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.webhooks import outbox

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What one account has in one currency, all its parts together."""

    account: str
    currency: str
    balance: Balance


def balances(env: Environment, tenant_id: str) -> list[AccountBalance]:
    """Return every balance of a merchant, by account and currency."""
    return merged(env.store.query_all(BalanceRecord, keys.balances(tenant_id)))


def balances_between(env: Environment, tenant_id: str, first: str, last: str) -> list[AccountBalance]:
    """Return the balances of the accounts from one name to another, in one range of keys."""
    span = Record.sk.between(f"{first}#", f"{last}#~")
    return merged(env.store.query_all(BalanceRecord, keys.balances(tenant_id), span))


def merged(records: Iterable[BalanceRecord]) -> list[AccountBalance]:
    """Put the parts of each account together; the records come in the order of their keys."""
    by_account = groupby(records, key=lambda record: (record.account, record.currency))
    return [AccountBalance(account, code, book.balance_of(parts)) for (account, code), parts in by_account]


def journal_entries(env: Environment, tenant_id: str) -> Iterable[tuple[str, list[Entry]]]:
    """Return the entries of every journal row. Withdrawals and transfers are journal rows of their own."""
    for row in env.store.query_all(MovementRecord, keys.journal(tenant_id)):
        yield row.currency, row.sides


def trial_balances(env: Environment, tenant_id: str) -> dict[str, tuple[TrialRow, ...]]:
    """Return the trial balance of each currency, from the journal; the balances of each add up to zero."""
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for journal in (journal_entries, *env.journals):
        for currency, sides in journal(env, tenant_id):
            entries[currency].extend(sides)
    return {currency: trial_balance(sides) for currency, sides in sorted(entries.items())}


def differences(env: Environment, tenant_id: str) -> list[str]:
    """Return where balances and journal disagree; an empty list is the only good answer."""
    booked = {
        (row.account, currency): -row.balance_units
        for currency, rows in trial_balances(env, tenant_id).items()
        for row in rows
    }
    found = []
    for record in balances(env, tenant_id):
        expected = booked.get((record.account, record.currency), 0)
        if record.balance.amount_units != expected or _least(record.balance) < 0:
            found.append(f"{record.account} {record.currency}: {record.balance}, the journal says {expected}")
    return found


def _least(balance: Balance) -> int:
    parts_units = balance.parts_units if isinstance(balance, SplitBalance) else ()
    return min(balance.available_units, balance.pending_units, balance.owed_units, *parts_units)


def fund(env: Environment, tenant_id: str, currency: str, units: int, reference: str = "funding") -> str:
    """Credit the master account with coins that the operator put in custody, without a fee.

    Args:
        env: the environment.
        tenant_id: the merchant.
        currency: the currency's code.
        units: in its smallest units; more than zero.
        reference: where the coins came from.

    Returns:
        The movement's id.
    """
    movement_id = f"funding:{ids.uuid7(env.clock.now())}"
    for _ in range(ATTEMPTS):
        before = book.read_balance(env.store, tenant_id, MASTER, currency)
        posting = rules.credit(before, MASTER, units, units)
        row = book.movement(
            tenant_id,
            movement_id,
            "deposit",
            currency,
            posting,
            gross_units=units,
            fee_units=0,
            reference=reference,
            now=env.clock.now(),
        )
        reminder = outbox.reminder(tenant_id, f"movement:{movement_id}", env.clock.now())
        try:
            env.store.commit(*book.writes(tenant_id, row, posting), reminder)
        except ConflictError:
            continue
        env.queues.wake_numbering(tenant_id, f"movement:{movement_id}")
        return movement_id
    raise ConflictError("the balance changed too often while it was being funded")
