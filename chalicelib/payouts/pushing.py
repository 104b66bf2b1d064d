"""A batch that is stuck: its coins at a higher fee, or a child that pays for it where nodes replace nothing."""

import logging
from collections.abc import Sequence

from chalicelib.chains.adapter import CoinAdapter, Spending, TransactionRefusedError, TxStatus
from chalicelib.payouts import batching, coins, rules
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.records import BatchAttempt, CoinBatch, stored_attempt
from chalicelib.storage.unit_of_work import ConflictError, Write, put
from chalicelib.withdrawals import changes
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import WithdrawalRecord

UNDER_WAY = frozenset({Status.PROCESSING, Status.SUBMITTED})

logger = logging.getLogger(__name__)


def push(wallet: Wallet, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> bool:
    """Offer the chain more for a batch that is stuck.

    Args:
        wallet: the hot wallet.
        record: a withdrawal of the batch.
        seen: where each of its attempts stands now, oldest first: all in a mempool or missing.

    Returns:
        Whether the withdrawal has another attempt now.

    Raises:
        ChainUnavailableError: the node does not answer.
        ConflictError: another worker dealt with the batch meanwhile; nothing happened.
    """
    batch = wallet.batch(record)
    if batch.sk in wallet.turn.pushed:
        return False  # by another withdrawal of the same batch, in this turn
    wallet.turn.pushed.add(batch.sk)
    row = _row(wallet, batch, _waiting(batch, record, seen))
    _send_children(wallet, row[1:])
    latest = max(one.signed_at for one in (*batch.attempts, *batch.children))
    if not rules.is_stuck(latest, int(wallet.env.clock.now() * 1000)):
        return False
    if all(one.state == "missing" for one in seen):
        return _is_worth_more(wallet, batch) and _replace(wallet, record, batch)
    if not coins.adapter_of(wallet).is_replaceable:
        _add_child(wallet, batch, row)
        return False
    return _replace(wallet, record, batch)


def share(wallet: Wallet, record: WithdrawalRecord, fee_units: int | None) -> int:
    """Return a withdrawal's part of what the chain took for its batch, and for what paid for it."""
    batch = wallet.batch(record)
    children = [wallet.status(child.txid, child.raw) for child in batch.children]
    took = (fee_units or 0) + sum(child.fee_units or 0 for child in children)
    return batch.share(took, record.sk)


def _is_worth_more(wallet: Wallet, batch: CoinBatch) -> bool:
    """Tell whether a higher fee may help a batch that the node has dropped; else the operator is told why not.

    Where nodes replace nothing, none may have an old attempt any more: they take the dearer one as a new one. It
    spends the same coins, so that one of them at most is ever mined.
    """
    adapter, newest = coins.adapter_of(wallet), batch.attempts[-1]
    gone_txid = _gone_parent(wallet, batch)
    if gone_txid is not None:
        wallet.alarm(
            f"batch {int(batch.sk)} with {len(batch.payouts)} withdrawals cannot be mined: {newest.txid} spends "
            f"what {gone_txid} made, and no node has that any more"
        )
    elif _going_units(wallet, newest) <= newest.fee_units:
        wallet.alarm(f"no node takes {newest.txid}")
    elif not adapter.is_replaceable and any(adapter.is_known(attempt.txid) for attempt in batch.attempts):
        wallet.alarm(f"only other nodes have what was signed for batch {int(batch.sk)}: a child cannot pay for it")
    else:
        return True
    return False


def _gone_parent(wallet: Wallet, batch: CoinBatch) -> str | None:
    """Return the transaction that made one of the batch's coins, if no provider has it any more."""
    adapter = coins.adapter_of(wallet)
    taken = batch.spending(batch.attempts[-1]).coins
    there = {coin.outpoint for coin in adapter.unspent(taken)}
    parents = dict.fromkeys(coin.outpoint.split(":")[0] for coin in taken if coin.outpoint not in there)
    return next((txid for txid in parents if not adapter.is_known(txid)), None)


def _replace(wallet: Wallet, record: WithdrawalRecord, batch: CoinBatch) -> bool:
    """Sign the same payouts out of the same coins at a higher fee: stored for all of them before it is sent."""
    adapter, newest, env = coins.adapter_of(wallet), batch.attempts[-1], wallet.env
    fee_units = rules.bumped_fee_units(newest.fee_units, _going_units(wallet, newest), len(batch.attempts))
    members = batching.members(wallet, batch)
    own = next(member for member in members if member.sk == record.sk)
    if own.version != record.version or any(member.status not in UNDER_WAY for member in members):
        raise ConflictError(f"batch {batch.sk} was dealt with meanwhile")
    payouts = [wallet.payout(one) for one in members]
    spending = None if fee_units is None else adapter.raised(payouts, batch.spending(newest), fee_units)
    if spending is None:
        wallet.alarm(f"{newest.txid} is not mined, whatever it offers")
        return False
    attempt = batching.signed_for(wallet, members, spending)
    if _is_full(wallet, batch, attempt):
        return False
    for member in members:
        batching.append(member, attempt)
    batch.signed = [*batch.signed, stored_attempt(attempt)]
    try:
        env.store.commit(_changed(batch), *[changes.noted(env, member) for member in members])
    finally:
        wallet.forget_batches()  # the one in hand may be another than the stored one
    record.signed, record.version, record.updated_at = own.signed, own.version, own.updated_at
    return True


def _add_child(wallet: Wallet, batch: CoinBatch, row: Sequence[BatchAttempt]) -> None:
    """Spend the change of what is stuck, so that all together pay what a block asks for; stored, then sent."""
    adapter, last = coins.adapter_of(wallet), row[-1]
    spending = None if len(row) > rules.MOST_CHILDREN else _childs_spending(adapter, batch, row)
    if spending is None:
        wallet.alarm(f"{last.txid} is not mined, and its change cannot pay for it")
        return
    child = batching.signed_for(wallet, [], spending)
    if _is_full(wallet, batch, child):
        return
    batch.pushed = [*(batch.pushed or []), stored_attempt(child)]
    try:
        wallet.env.store.commit(_changed(batch))
    finally:
        wallet.forget_batches()
    _send(wallet, child)


def _childs_spending(adapter: CoinAdapter, batch: CoinBatch, row: Sequence[BatchAttempt]) -> Spending | None:
    """Return what a child takes and leaves: the row pays the going rate with it, and an eighth more than before.

    None when the change is too small for that, or the rate beyond all that helps.
    """
    last, going_rate = row[-1], adapter.fee_rate()
    size_vbytes, paid_units = sum(adapter.size(one.raw) for one in row), sum(one.fee_units for one in row)
    rate = rules.bumped_fee_units(paid_units * 1000 // size_vbytes, going_rate, len(row))
    if rate is None:
        return None
    alone = adapter.select([], [adapter.change_of(last.raw, batch.spending(last))], rate)
    lacking_units = -(-rate * size_vbytes // 1000) - paid_units
    return None if alone is None else adapter.raised([], alone, alone.fee_units + lacking_units)


def _waiting(batch: CoinBatch, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> BatchAttempt:
    """Return the attempt that waits for a block, the newest of several; the newest of all where none does."""
    states = {attempt.txid: one.state for attempt, one in zip(record.attempts, seen, strict=True)}
    waiting = [attempt for attempt in batch.attempts if states.get(attempt.txid) == "mempool"]
    return (waiting or batch.attempts)[-1]


def _row(wallet: Wallet, batch: CoinBatch, attempt: BatchAttempt) -> list[BatchAttempt]:
    """Return an attempt and the children that pay for it, each behind the one whose change it spends."""
    row = [attempt]
    for child in batch.children:
        if wallet.adapter.spends(child.raw).startswith(f"{row[-1].txid}:"):
            row.append(child)
    return row


def _send_children(wallet: Wallet, children: Sequence[BatchAttempt]) -> None:
    """Hand the node what pays for a batch, again where it has lost it."""
    for child in children:
        if wallet.status(child.txid, child.raw).state == "missing":
            _send(wallet, child)


def _send(wallet: Wallet, child: BatchAttempt) -> None:
    try:
        wallet.adapter.broadcast(child.raw)
    except TransactionRefusedError as error:
        logger.info("a node says no to %s: %s", child.txid, error)


def _going_units(wallet: Wallet, attempt: BatchAttempt) -> int:
    """Return what the chain would take for an attempt now."""
    adapter = coins.adapter_of(wallet)
    return -(-adapter.fee_rate() * adapter.size(attempt.raw) // 1000)


def _is_full(wallet: Wallet, batch: CoinBatch, attempt: BatchAttempt) -> bool:
    """Tell whether the batch cannot hold another attempt; the operator is told."""
    if batch.has_room_for(attempt):
        return False
    wallet.alarm(f"batch {int(batch.sk)} is not mined, and has no room for another attempt")
    return True


def _changed(batch: CoinBatch) -> Write:
    seen_version = batch.version
    batch.version = seen_version + 1
    return put(batch, CoinBatch.version == seen_version)
