"""The ledger's part of a payment's step: journal rows and balances, in the step's own transaction."""

from dataclasses import dataclass

from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import holder_account
from chalicelib.ledger.records import MovementRecord
from chalicelib.payments.changes import Change, Movement
from chalicelib.payments.deposits import Deposit, DepositState, Sighting
from chalicelib.payments.records import PaymentRecord, read_deposit, stored_deposit
from chalicelib.payments.state import PaymentState
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write

DEPOSIT, REVERSAL = "deposit", "reversal"


@dataclass(frozen=True, slots=True)
class Booked:
    """The writes of a step's movements, and the ids of their journal rows."""

    writes: list[Write]
    movement_ids: list[str]


def writes(env: Environment, tenant_id: str, record: PaymentRecord, change: Change) -> Booked:
    """Return what a step of a payment books.

    Args:
        env: the environment.
        tenant_id: the merchant.
        record: the payment.
        change: the step; its credits and reversals are decided, in smallest units.
    """
    booked = Booked([], [])
    for movement in [*change.credits, *change.reversals]:
        is_credit = movement in change.credits
        account = holder_account(record.wallet_id)
        before = book.read_balance(env.store, tenant_id, account, movement.currency)
        decide = rules.credit if is_credit else rules.reverse
        posting = decide(before, account, movement.gross_units, movement.net_units, movement.dust_units)
        row = book.movement(
            tenant_id,
            movement.movement_id if is_credit else f"{movement.movement_id}:{REVERSAL}",
            DEPOSIT if is_credit else REVERSAL,
            movement.currency,
            posting,
            gross_units=movement.gross_units if is_credit else -movement.gross_units,
            fee_units=movement.fee_units if is_credit else -movement.fee_units,
            reference=record.sk,
            now=change.state.updated_at,
            detail=_detail(change, movement),
        )
        booked.writes.extend(book.writes(tenant_id, row, posting))
        booked.movement_ids.append(row.sk)
    return booked


def known_deposit(
    env: Environment, record: PaymentRecord, state: PaymentState, sighting: Sighting
) -> Deposit | None:
    """Return a credited or reversed deposit that has fallen off the payment's list, from the journal.

    While nothing has fallen off, which is nearly always, this costs no read.
    """
    is_listed = state.deposit(sighting.deposit_id) is not None
    if is_listed or state.deposits_count <= len(state.deposits):
        return None
    tenant_id = record.pk.partition("#")[2]
    rounds = Record.sk.startswith(f"{sighting.deposit_id}:")
    rows = list(env.store.query_all(MovementRecord, keys.journal(tenant_id), rounds))
    if not rows:
        return None
    newest = max((read_deposit(row.detail) for row in rows), key=lambda deposit: deposit.round)
    is_reversed = any(row.sk == f"{newest.movement_id}:{REVERSAL}" for row in rows)
    return newest.closed(DepositState.REVERSED, newest.closed_at or 0) if is_reversed else newest


def _detail(change: Change, movement: Movement) -> object:
    deposit = next(one for one in change.deposits if one.deposit_id == movement.deposit_id)
    return stored_deposit(deposit)
