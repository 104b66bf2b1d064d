"""A withdrawal's steps as writes: every one on the condition that it is still the withdrawal that was read."""

from chalicelib.environment import Environment
from chalicelib.ledger import book
from chalicelib.ledger.balance import Balance, Posting
from chalicelib.ledger.rules import HoldError
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, Write, delete, put
from chalicelib.webhooks import outbox
from chalicelib.withdrawals import bookings, rendering, steps
from chalicelib.withdrawals.lifecycle import Change, Status
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord


def stepped(env: Environment, record: WithdrawalRecord, change: Change, height: int = 0) -> Write:
    """Return the write of a change of status, with what it has to tell.

    Args:
        env: the environment.
        record: the withdrawal as read, with what else the step changes; it is brought to the step's state.
        change: the step.
        height: the chain's height, which the event's confirmations are counted from.
    """
    seen_version, status_before = record.version, record.status
    untold = None if record.is_internal else steps.without_told(env, record)
    record.status, record.version, record.updated_at = change.status.value, change.version, change.at
    record.error_message, record.completed_at = change.error_message, change.completed_at
    if untold is not None:
        record.untold = [*untold, steps.step(status_before, rendering.as_stored(record), height)]
    return put(record, WithdrawalRecord.version == seen_version)


def noted(env: Environment, record: WithdrawalRecord) -> Write:
    """Return the write of a change that nobody is told: another attempt, the block that it was mined in."""
    seen_version = record.version
    record.version, record.updated_at = seen_version + 1, int(env.clock.now() * 1000)
    return put(record, WithdrawalRecord.version == seen_version)


def ended(
    env: Environment, record: WithdrawalRecord, change: Change, height: int = 0, balance: Balance | None = None
) -> list[Write]:
    """Return the writes of a withdrawal's end: settled when it is completed, else what was held is released.

    Args:
        env: the environment.
        record: the withdrawal as read; it is brought to its end.
        change: the step, to a final status.
        height: the chain's height, where the chain decided it.
        balance: what the account is supposed to have, in place of a look: the commit demands it.

    Raises:
        ConflictError: another has ended it: read again, decide again.
    """
    if record.is_internal:
        return [stepped(env, record, change, height), _closed(env, record)]
    tenant_id = record.tenant_id
    balance = balance or book.read_balance(env.store, *_where(record))
    is_settled = change.status is Status.COMPLETED
    try:
        posting = (bookings.settle if is_settled else bookings.release)(record, balance)
    except HoldError as error:  # another ended it between the two reads: the hold has gone with it
        raise ConflictError(f"withdrawal {record.sk} was ended meanwhile") from error
    record.repaid = None if is_settled else _repaid(posting)
    return [
        stepped(env, record, change, height),  # first: the item of the open payout is made of what it brings
        *book.posting_writes(tenant_id, record.currency, posting),
        _closed(env, record),
        outbox.reminder(tenant_id, steps.subject(record.sk), env.clock.now()),
    ]


def end(
    env: Environment,
    record: WithdrawalRecord,
    change: Change,
    *more: Write,
    height: int = 0,
    balance: Balance | None = None,
) -> None:
    """Commit a withdrawal's end, and tell of it.

    Args:
        env: the environment.
        record: the withdrawal as read; it is brought to its end.
        change: the step, to a final status.
        more: what else belongs to it, such as the release of what it used of the merchant's limits.
        height: the chain's height, where the chain decided it.
        balance: what the account is supposed to have, in place of a look.

    Raises:
        ConflictError: the withdrawal or the balance is not as it was read: read again, decide again.
    """
    env.store.commit(*ended(env, record, change, height, balance), *more)
    wake(env, record)


def wake(env: Environment, record: WithdrawalRecord) -> None:
    """Have the numbering writer look at a withdrawal; nobody is told of a move of our own money."""
    if not record.is_internal:
        env.queues.wake_numbering(record.tenant_id, steps.subject(record.sk))


def _closed(env: Environment, record: WithdrawalRecord) -> Write:
    """Return the write that ends the following: what was signed is watched on, in the same item."""
    blockchain, confirmations = _followed_on(env, record)
    key = keys.open_payout(blockchain, record.sk)
    if record.slot is None:
        return delete(key)
    is_mined = record.height is not None
    return put(
        OpenPayout(
            pk=key.pk,
            sk=key.sk,
            tenant_id=record.tenant_id,
            ended=record.status,
            version=1,
            slot=record.slot,
            confirmations=confirmations,
            source=record.source,
            height=record.height,
            block_hash=record.block_hash,
            is_ok=int(record.status == Status.COMPLETED) if is_mined else None,
            corrections=0,
        )
    )


def _followed_on(env: Environment, record: WithdrawalRecord) -> tuple[str, int]:
    """Return a withdrawal's blockchain, and how many blocks make its transaction final enough."""
    if record.is_internal:
        return record.blockchain, env.catalogue.most_confirmations(record.blockchain)
    currency = env.catalogue.by_code(record.currency)
    return currency.blockchain, currency.confirmations


def _where(record: WithdrawalRecord) -> tuple[str, str, str]:
    return record.tenant_id, record.account, record.currency


def _repaid(posting: Posting) -> int | None:
    delta = posting.changes[0].delta
    return -delta.owed_units or None
