"""Paying out of coins: many withdrawals in one transaction, stored once; its coins are the slot of all of them."""

import logging
from collections.abc import Sequence

from chalicelib.chains.adapter import Coin, Spending, TransactionRefusedError, TxStatus
from chalicelib.errors import WithdrawalsFrozenError
from chalicelib.payouts import coins, rules, signing
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.records import BatchAttempt, CoinBatch, stored_attempt
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, Write, create, put
from chalicelib.withdrawals import changes, lifecycle, protection
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import WithdrawalRecord

MOST_PAYOUTS = 45  # with a check of each merchant, the counter and the batch: 92 of a transaction's 100 writes
ATTEMPTS = 10

logger = logging.getLogger(__name__)


def sign(wallet: Wallet, waiting: Sequence[WithdrawalRecord]) -> list[WithdrawalRecord]:
    """Sign pending withdrawals, as many in one transaction as its coins and one commit can carry.

    The wallet's counter moves on, the batch is stored with its coins and bytes, and each withdrawal gets its first
    attempt, in one transaction: whoever loses that race throws its bytes away; they were never sent.

    Args:
        wallet: the hot wallet.
        waiting: the withdrawals as read, oldest first; those that are signed are brought to ``processing``.

    Returns:
        Those that were signed.

    Raises:
        ChainUnavailableError: the node does not answer.
        ConflictError: others were faster each time; nothing more happened.
    """
    ready = [one for one in waiting if not signing.is_held_up(wallet, one)]
    signed: list[WithdrawalRecord] = []
    for _ in range(ATTEMPTS):
        slot = wallet.next_slot()  # before the coins are looked at: see ``coins.free``
        group, spending = _choose(wallet, ready[:MOST_PAYOUTS])
        if spending is None:
            return signed
        try:
            _store(wallet, slot, group, spending)
        except ConflictError:
            ready = _still_waiting(wallet, ready)
            continue
        signed += group
        ready = [one for one in ready if one not in group]
    if ready:
        raise ConflictError(f"the hot wallet of {wallet.blockchain} changed too often")
    return signed


def push(wallet: Wallet, record: WithdrawalRecord, seen: Sequence[TxStatus]) -> bool:
    """Offer the chain more for a batch that is stuck; tells whether the withdrawal has another attempt now."""
    batch = wallet.batch(record)
    newest, adapter = batch.attempts[-1], coins.adapter_of(wallet)
    if batch.sk in wallet.turn.pushed:
        return False  # by another withdrawal of the same batch, in this turn
    wallet.turn.pushed.add(batch.sk)
    _send_children(wallet, batch)
    offered = [*batch.attempts, *batch.children]
    if not rules.is_stuck(offered[-1].signed_at, int(wallet.env.clock.now() * 1000)):
        return False
    if all(one.state == "missing" for one in seen):
        wallet.alarm(f"no node takes {newest.txid}")
        return False
    if not adapter.is_replaceable:
        _add_child(wallet, batch)
        return False
    return _replace(wallet, record, batch)


def share(wallet: Wallet, record: WithdrawalRecord, fee_units: int | None) -> int:
    """Return a withdrawal's part of what the chain took for its batch, and for what paid for it."""
    batch = wallet.batch(record)
    children = [wallet.status(child.txid, child.raw) for child in batch.children]
    took = (fee_units or 0) + sum(child.fee_units or 0 for child in children)
    return batch.share(took, record.sk)


def _choose(wallet: Wallet, ready: Sequence[WithdrawalRecord]) -> tuple[list[WithdrawalRecord], Spending | None]:
    """Take the oldest withdrawals that the free coins can pay together; what does not fit lets later ones pass."""
    group: list[WithdrawalRecord] = []
    chosen: Spending | None = None
    if not ready:
        return group, chosen
    free, adapter = coins.free(wallet), coins.adapter_of(wallet)
    rate = adapter.fee_rate()
    for record in ready:
        payouts = [wallet.payout(one) for one in [*group, record]]
        try:
            spending = adapter.select(payouts, free, rate)
        except ValueError as error:  # so little that no node would pass it on
            wallet.alarm(f"withdrawal {record.sk} cannot be paid: {error}")
            continue
        if spending is None:
            wallet.alarm(f"the hot wallet is short of {wallet.native_token}, or of coins that are deep enough")
            continue
        group, chosen = [*group, record], spending
    return group, chosen


def _store(wallet: Wallet, slot: int, group: Sequence[WithdrawalRecord], spending: Spending) -> None:
    env, attempt = wallet.env, _sign(wallet, group, spending)
    pk, sk = keys.coin_batch(wallet.blockchain, slot)
    batch = CoinBatch(
        pk=pk,
        sk=sk,
        payouts=[[one.tenant_id, one.sk] for one in group],
        coins=[_stored_coin(coin) for coin in spending.coins],
        signed=[stored_attempt(attempt)],
        version=1,
    )
    steps = []
    for record in group:
        _append(record, attempt)
        record.slot, record.is_batched = slot, 1
        change = lifecycle.change(record.status, record.version, Status.PROCESSING, attempt.signed_at)
        steps.append(changes.stepped(env, record, change, wallet.head.height))
    merchants = sorted({one.tenant_id for one in group if not one.is_internal})
    thawed = [protection.not_frozen_check(tenant_id) for tenant_id in merchants]
    try:
        env.store.commit(wallet.taking(slot), create(batch), *steps, *thawed)
    except WithdrawalsFrozenError:  # a switch was thrown in between: the bytes were never sent
        wallet.turn.frozen.clear()
        raise ConflictError("a merchant's withdrawals were frozen while they were signed") from None
    wallet.turn.signed_count += len(group)
    for record in group:
        changes.wake(env, record)


def _still_waiting(wallet: Wallet, ready: Sequence[WithdrawalRecord]) -> list[WithdrawalRecord]:
    """Read again what is not signed yet."""
    found = wallet.env.store.get_many(WithdrawalRecord, [one.key for one in ready])
    fresh = [found[one.key] for one in ready]
    return [one for one in fresh if one.status == Status.PENDING and not signing.is_held_up(wallet, one)]


def _replace(wallet: Wallet, record: WithdrawalRecord, batch: CoinBatch) -> bool:
    """Sign the same payouts out of the same coins at a higher fee: stored for all of them before it is sent."""
    adapter, newest, env = coins.adapter_of(wallet), batch.attempts[-1], wallet.env
    estimated_units = -(-adapter.fee_rate() * adapter.size(newest.raw) // 1000)
    fee_units = rules.bumped_fee_units(newest.fee_units, estimated_units, len(batch.attempts))
    members = _members(wallet, batch)
    payouts = [wallet.payout(one) for one in members]
    spending = None if fee_units is None else adapter.raised(payouts, batch.spending(newest), fee_units)
    if spending is None:
        wallet.alarm(f"{newest.txid} is not mined, whatever it offers")
        return False
    attempt = _sign(wallet, members, spending)
    for member in members:
        _append(member, attempt)
    batch.signed = [*batch.signed, stored_attempt(attempt)]
    env.store.commit(_changed(batch), *[changes.noted(env, member) for member in members])
    wallet.forget_batches()
    own = next(member for member in members if member.sk == record.sk)
    record.signed, record.version, record.updated_at = own.signed, own.version, own.updated_at
    return True


def _add_child(wallet: Wallet, batch: CoinBatch) -> None:
    """Spend the change of what is stuck at such a fee that both together pay the going rate; stored, then sent."""
    adapter, before = coins.adapter_of(wallet), [batch.attempts[-1], *batch.children]
    rate = adapter.fee_rate()
    last = before[-1]
    change = adapter.change_of(last.raw, batch.spending(last))
    alone = adapter.select([], [change], rate)
    lacking_units = -(-rate * sum(adapter.size(one.raw) for one in before) // 1000) - sum(
        one.fee_units for one in before
    )
    spending = alone
    if alone is not None and lacking_units > 0:
        spending = adapter.raised([], alone, alone.fee_units + lacking_units)
    if spending is None or len(before) > rules.MOST_CHILDREN:
        wallet.alarm(f"{last.txid} is not mined, and its change cannot pay for it")
        return
    child = _sign(wallet, [], spending)
    batch.pushed = [*(batch.pushed or []), stored_attempt(child)]
    wallet.env.store.commit(_changed(batch))
    wallet.forget_batches()
    _send(wallet, child)


def _send_children(wallet: Wallet, batch: CoinBatch) -> None:
    """Hand the node what pays for a batch, again where it has lost it."""
    for child in batch.children:
        if wallet.status(child.txid, child.raw).state == "missing":
            _send(wallet, child)


def _send(wallet: Wallet, child: BatchAttempt) -> None:
    try:
        wallet.adapter.broadcast(child.raw)
    except TransactionRefusedError as error:
        logger.info("a node says no to %s: %s", child.txid, error)


def _sign(wallet: Wallet, members: Sequence[WithdrawalRecord], spending: Spending) -> BatchAttempt:
    """Sign one transaction. The bytes are worth nothing until they are stored."""
    adapter = coins.adapter_of(wallet)
    payouts = [wallet.payout(one) for one in members]
    signed = adapter.sign(adapter.assemble(payouts, spending, wallet.address), wallet.signer)
    now = int(wallet.env.clock.now() * 1000)
    return BatchAttempt(signed.txid, signed.raw, spending.fee_units, spending.change_units, now)


def _members(wallet: Wallet, batch: CoinBatch) -> list[WithdrawalRecord]:
    """Return the withdrawals of a batch, in the order of its outputs."""
    named = [keys.withdrawal(tenant_id, withdrawal_id) for tenant_id, withdrawal_id in batch.payouts]
    found = wallet.env.store.get_many(WithdrawalRecord, named)
    return [found[key] for key in named]


def _append(record: WithdrawalRecord, attempt: BatchAttempt) -> None:
    record.signed = [*(record.signed or []), [attempt.txid, "", attempt.fee_units, attempt.signed_at]]


def _changed(batch: CoinBatch) -> Write:
    seen_version = batch.version
    batch.version = seen_version + 1
    return put(batch, CoinBatch.version == seen_version)


def _stored_coin(coin: Coin) -> list[object]:
    return [coin.outpoint, coin.units, coin.key_path]
