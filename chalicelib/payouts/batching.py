"""Paying out of coins: many withdrawals in one transaction, stored once; its coins are the slot of all of them."""

import logging
from collections.abc import Sequence

from chalicelib.chains.adapter import Coin, Spending
from chalicelib.errors import WithdrawalsFrozenError
from chalicelib.payouts import coins, signing
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.payouts.records import BatchAttempt, CoinBatch, stored_attempt
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, create
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
    env, attempt = wallet.env, signed_for(wallet, group, spending)
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
        append(record, attempt)
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


def signed_for(wallet: Wallet, members: Sequence[WithdrawalRecord], spending: Spending) -> BatchAttempt:
    """Sign one transaction. The bytes are worth nothing until they are stored."""
    adapter = coins.adapter_of(wallet)
    payouts = [wallet.payout(one) for one in members]
    signed = adapter.sign(adapter.assemble(payouts, spending, wallet.address), wallet.signer)
    now = int(wallet.env.clock.now() * 1000)
    return BatchAttempt(signed.txid, signed.raw, spending.fee_units, spending.change_units, now)


def members(wallet: Wallet, batch: CoinBatch) -> list[WithdrawalRecord]:
    """Return the withdrawals of a batch, in the order of its outputs."""
    named = [keys.withdrawal(tenant_id, withdrawal_id) for tenant_id, withdrawal_id in batch.payouts]
    found = wallet.env.store.get_many(WithdrawalRecord, named)
    return [found[key] for key in named]


def append(record: WithdrawalRecord, attempt: BatchAttempt) -> None:
    """Note an attempt at a withdrawal; its bytes lie in the batch."""
    record.signed = [*(record.signed or []), [attempt.txid, "", attempt.fee_units, attempt.signed_at]]


def _stored_coin(coin: Coin) -> list[object]:
    return [coin.outpoint, coin.units, coin.key_path]
