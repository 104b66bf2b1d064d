"""Watching what has ended: a reorganisation deeper than what was taken for final must lose no payout, and no coin.

A withdrawal's status stays as it ended. What the chain makes of its bytes afterwards is noted, repaired or booked.
"""

import logging
from collections.abc import Sequence

from chalicelib.acting import acting_for
from chalicelib.chains.adapter import TxStatus
from chalicelib.ledger import book
from chalicelib.ledger import rules as ledger_rules
from chalicelib.payouts import coins, filling, following, rules
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.rules import Watch, Watched
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, Write, delete, put
from chalicelib.webhooks import outbox
from chalicelib.withdrawals import changes
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord

ROUNDS = 3  # of one turn: its new block is noted, then what follows from it is done
KIND = "adjustment"

logger = logging.getLogger(__name__)


def watch(wallet: Wallet, entry: OpenPayout) -> None:
    """Do for a withdrawal that has ended all that can be done now; mostly that is a look at its block's hash.

    Args:
        wallet: its hot wallet.
        entry: what is noted of it.

    Raises:
        ChainUnavailableError: the node does not answer; the next turn goes on.
        ConflictError: another worker dealt with it meanwhile.
    """
    if entry.height is not None and wallet.block_hash(entry.height) == entry.block_hash:
        step = rules.once_noted(_known(entry), wallet.head.height)
        if step is Watch.LEAVE:
            _leave(wallet, entry)
        if step is not Watch.CORRECT:
            return
    elif entry.height is not None and wallet.block_hash(entry.height) is None:
        return  # the node is behind: of what comes after it knows nothing
    with acting_for(entry.tenant_id):
        _look_after(wallet, entry)


def _look_after(wallet: Wallet, entry: OpenPayout) -> None:
    record = wallet.env.store.get(WithdrawalRecord, keys.withdrawal(entry.tenant_id, entry.sk))
    assert record is not None, "a withdrawal stays for ever"
    for _ in range(ROUNDS):
        with wallet.adapter.pinned():
            seen = wallet.seen(record)
        step = rules.watched_step(_known(entry), seen, wallet.head.height)
        if step is Watch.NOTE:
            _note(wallet, entry, record, seen)
        elif step is Watch.CORRECT:
            _correct(wallet, entry, record)
        else:
            _finish(wallet, entry, record, seen, step)
            return


def _finish(
    wallet: Wallet, entry: OpenPayout, record: WithdrawalRecord, seen: Sequence[TxStatus], step: Watch
) -> None:
    """Do what ends a turn's look at one."""
    if step is Watch.LEAVE:
        _leave(wallet, entry)
    elif step is Watch.FILL and wallet.adapter.slot_kind == "sequence":
        filling.fill(wallet, entry, record)
    elif step in (Watch.ALARM, Watch.FILL):
        wallet.alarm(f"slot {entry.slot} of {entry.ended} withdrawal {entry.sk} is not spent as it should be")
    elif step is Watch.SEND:
        logger.error("%s withdrawal %s is on the chain no more, its bytes are sent again", entry.ended, entry.sk)
        following.send(wallet, record, seen)
    if entry.height is None and step in (Watch.SEND, Watch.REST):
        wallet.reserve(record, record.attempts[-1].fee_units)


def _known(entry: OpenPayout) -> Watched:
    return Watched(
        is_completed=entry.ended == Status.COMPLETED,
        corrections=entry.corrections or 0,
        height=entry.height,
        block_hash=entry.block_hash,
        is_ok=None if entry.is_ok is None else bool(entry.is_ok),
        confirmations=entry.confirmations or 1,
    )


def _note(wallet: Wallet, entry: OpenPayout, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> None:
    """Note which block it lies in now, or that it lies in none: the confirmations that are shown follow."""
    mined = rules.mined_place(seen)
    following.note_block(record, mined, seen)
    entry.height, entry.block_hash = record.height, record.block_hash
    entry.is_ok = None if mined is None else int(bool(seen[mined].ok))
    logger.warning("%s withdrawal %s lies in another block: %s", entry.ended, entry.sk, entry.height)
    wallet.env.store.commit(changes.noted(wallet.env, record), _changed(entry))


def _correct(wallet: Wallet, entry: OpenPayout, record: WithdrawalRecord) -> None:
    """Book that the coins have left after all, or have not: once, with a row of the journal and an alarm.

    Only what left custody is booked, no fees; what the account lacks becomes owed.
    """
    env, tenant_id, known = wallet.env, record.tenant_id, _known(entry)
    entry.corrections = known.corrections + 1
    if record.is_internal:  # nobody's balance: what lies where, whoever sweeps asks the chain
        env.store.commit(_changed(entry))
        logger.error("%s %s %s ended otherwise after all", entry.ended, record.purpose, record.sk)
        return
    assert record.mined is not None, "only what lies deep in a block is booked"
    movement_id = f"correction:{record.sk}:{record.attempts[record.mined].txid}:{entry.corrections}"
    before = book.read_balance(env.store, tenant_id, record.account, record.currency)
    decide = ledger_rules.reverse if known.is_ok else ledger_rules.credit
    posting = decide(before, record.account, record.amount, record.amount)
    row = book.movement(
        tenant_id,
        movement_id,
        KIND,
        record.currency,
        posting,
        gross_units=-record.amount if known.is_ok else record.amount,
        fee_units=0,
        reference=record.sk,
        now=env.clock.now(),
    )
    subject = f"movement:{movement_id}"
    reminder = outbox.reminder(tenant_id, subject, env.clock.now())
    writes = [changes.noted(env, record), _changed(entry), *book.writes(tenant_id, row, posting), reminder]
    env.store.commit(*writes)
    happened = "was paid after all" if known.is_ok else "was reverted after all"
    logger.error("%s withdrawal %s %s: the books are corrected by %s", entry.ended, entry.sk, happened, row.sk)
    env.queues.wake_numbering(tenant_id, subject)


def _leave(wallet: Wallet, entry: OpenPayout) -> None:
    """End the watch; what a filler of its slot cost is booked with it."""
    ended = delete(entry.key, OpenPayout.version == entry.version)
    try:
        wallet.env.store.commit(ended, *filling.gas_writes(wallet, entry))
    except ConflictError:  # another worker ended it, or noted something: the next turn sees it
        logger.info("the watch of withdrawal %s was ended or went on meanwhile", entry.sk)
        return
    if wallet.adapter.slot_kind == "inputs" and entry.slot is not None:
        coins.forget_when_over(wallet, entry.slot)


def _changed(entry: OpenPayout) -> Write:
    """Return the write of a changed entry, on the condition that it is still the one that was read."""
    seen_version = entry.version
    entry.version = (seen_version or 0) + 1
    return put(entry, OpenPayout.version == seen_version)
