"""The gap watchdog: a slot that nothing spends any more holds up every later one, so it is filled, or told of."""

import logging
from collections.abc import Sequence

from chalicelib.chains.adapter import Fee, Payout, TransactionRefusedError
from chalicelib.payouts import rules
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import Write, put
from chalicelib.withdrawals import bookings, changes
from chalicelib.withdrawals.records import Attempt, OpenPayout, WithdrawalRecord, read_attempt, stored_attempt

# What it outbids may offer the same for each unit of gas and use more gas: twice the sum is more for each unit.
TIMES_FEE = 2

logger = logging.getLogger(__name__)


def fill(wallet: Wallet, entry: OpenPayout, record: WithdrawalRecord) -> None:
    """Spend the slot of a payout that failed, and that a deep reorganisation took off the chain, on nothing.

    Its money was given back: the chain must not pay it after all, and later payouts wait for its slot. The filler
    pays nothing, to ourselves, dearer than all that was signed for the slot; stored before it is sent, sent again
    each turn.

    Args:
        wallet: its wallet.
        entry: what is noted of it; it keeps the filler.
        record: the withdrawal.

    Raises:
        ConflictError: another worker dealt with it meanwhile.
    """
    if entry.filler is None:
        logger.error("slot %s of %s withdrawal %s is empty again: it is filled", entry.slot, entry.ended, entry.sk)
        nothing = Payout(wallet.address, wallet.address, wallet.native_token, 0)
        dearest_units = max(attempt.fee_units for attempt in record.attempts)
        fee_units = TIMES_FEE * max(dearest_units, wallet.adapter.estimate(nothing).units)
        fee = Fee(wallet.native_token, fee_units)
        filler = wallet.signed(wallet.adapter.build(nothing, str(entry.slot), fee), fee_units)
        _keep(wallet, entry, filler)
    filler = read_attempt(entry.filler)
    if rules.is_stuck(filler.signed_at, int(wallet.env.clock.now() * 1000)):
        dearer_units = rules.bumped_fee_units(filler.fee_units, filler.fee_units, 1)
        assert dearer_units is not None, "an eighth more is in proportion"
        filler = wallet.sign_dearer(filler, dearer_units)
        _keep(wallet, entry, filler)
    try:
        wallet.adapter.broadcast(filler.raw)
    except TransactionRefusedError as error:
        logger.info("a node says no to %s, which fills slot %s: %s", filler.txid, entry.slot, error)


def _keep(wallet: Wallet, entry: OpenPayout, filler: Attempt) -> None:
    """Store a filler before it is sent."""
    seen_version = entry.version
    entry.filler, entry.version = stored_attempt(filler), (seen_version or 0) + 1
    wallet.env.store.commit(put(entry, OpenPayout.version == seen_version))


def gas_writes(wallet: Wallet, entry: OpenPayout) -> list[Write]:
    """Return the write that books what a mined filler cost, beside the gas of the withdrawal whose slot it has."""
    if entry.filler is None:
        return []
    filler = read_attempt(entry.filler)
    took_units = wallet.status(filler.txid, filler.raw).fee_units or 0
    record = wallet.env.store.get(WithdrawalRecord, keys.withdrawal(entry.tenant_id, entry.sk))
    if record is None or not took_units:
        return []
    code, units = record.gas or [bookings.gas_code(wallet.env.catalogue, wallet.blockchain), 0]
    record.gas = [code, units + took_units]
    return [changes.noted(wallet.env, record)]


def look_for_gaps(wallet: Wallet, spending: Sequence[WithdrawalRecord | OpenPayout]) -> None:
    """Alarm when the chain waits for a slot that none of ours spends, or has used one that we never gave away.

    Args:
        wallet: the hot wallet.
        spending: all that has a slot and is followed or watched, lowest slot first, as read when the turn began.
    """
    if wallet.adapter.slot_kind != "sequence":
        return
    ours = [one.slot for one in spending if not one.source and one.slot is not None]
    awaited, given = wallet.adapter.next_slot(wallet.address), wallet.next_slot()
    if awaited > given:
        wallet.alarm(f"slot {awaited - 1} was spent by someone else: its key is used elsewhere")
    elif awaited < given and ours and awaited < min(ours):
        wallet.alarm(f"slot {awaited} is empty, and no payout that is watched has it")
