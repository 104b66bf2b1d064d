"""Signing: a slot of the hot wallet, and the bytes that spend it, stored together before they go out."""

from dataclasses import dataclass

from chalicelib.errors import RatesUnavailableError, WithdrawalsFrozenError
from chalicelib.payouts import rules
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.withdrawals import changes, fees, lifecycle, protection
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import WithdrawalRecord, stored_attempt


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a withdrawal stays ``pending`` for now; an alarm, unless the operator meant it so."""

    problem: str
    is_alarm: bool = True


def sign(wallet: Wallet, record: WithdrawalRecord) -> bool:
    """Sign a pending withdrawal, if nothing stands in the way.

    The slot's counter moves on and the withdrawal gets its first attempt in one transaction: whoever loses that
    race, to another worker or to a cancellation, throws its bytes away; they were never sent.

    Args:
        wallet: its hot wallet.
        record: the withdrawal as read; it is brought to ``processing``.

    Returns:
        Whether it was signed.

    Raises:
        ChainUnavailableError: the node does not answer.
        ConflictError: the slot or the withdrawal is not what it was; nothing happened.
    """
    env = wallet.env
    if is_held_up(wallet, record):
        return False
    fee_units = wallet.adapter.estimate(wallet.payout(record)).units
    if is_held_up(wallet, record, fee_units):
        return False
    slot = wallet.next_slot()
    record.signed, record.slot = [stored_attempt(wallet.sign(record, slot, fee_units))], slot
    now = int(env.clock.now() * 1000)
    change = lifecycle.change(record.status, record.version, Status.PROCESSING, now)
    thawed = protection.not_frozen_check(record.tenant_id)
    try:
        env.store.commit(wallet.taking(slot), changes.stepped(env, record, change, wallet.head.height), thawed)
    except WithdrawalsFrozenError:  # the switch was thrown in between: the bytes were never sent
        wallet.note_frozen(record.tenant_id)
        raise ConflictError("the merchant's withdrawals were frozen while this one was signed") from None
    wallet.reserve(record, fee_units)
    wallet.turn.signed_count += 1
    changes.wake(env, record)
    return True


def is_held_up(wallet: Wallet, record: WithdrawalRecord, fee_units: int = 0) -> bool:
    """Tell whether something stands in a withdrawal's way; the operator is told of it once a turn.

    Args:
        wallet: its wallet.
        record: the withdrawal.
        fee_units: what the chain asks for it; 0 before that is asked: many may wait for the same.
    """
    obstacle = _standing_obstacle(wallet, record)
    if obstacle is None and fee_units:
        obstacle = _disproportion(wallet, record, fee_units) or _shortage(wallet, record, fee_units)
    return _is_in_the_way(wallet, obstacle)


def _is_in_the_way(wallet: Wallet, obstacle: Obstacle | None) -> bool:
    if obstacle is not None and obstacle.is_alarm:
        wallet.alarm(obstacle.problem)
    return obstacle is not None


def _standing_obstacle(wallet: Wallet, record: WithdrawalRecord) -> Obstacle | None:
    if record.is_internal:
        return _shortage(wallet, record, 0)
    if wallet.is_frozen(record.tenant_id):
        return Obstacle("the merchant's withdrawals are frozen", is_alarm=False)
    try:
        live_units = fees.network_fee_units(wallet.env, wallet.currency(record))
    except RatesUnavailableError:
        return Obstacle(f"what a payout of {record.currency} costs is not known")
    if rules.is_too_dear(live_units, record.network_fee):
        return Obstacle(f"a payout of {record.currency} costs over {rules.DEAR} times what was fixed")
    return None if wallet.adapter.slot_kind == "inputs" else _shortage(wallet, record, 0)


def _disproportion(wallet: Wallet, record: WithdrawalRecord, fee_units: int) -> Obstacle | None:
    usual_units = wallet.usual_fee_units(wallet.payout(record).token)
    if record.is_internal or not rules.is_out_of_proportion(fee_units, usual_units):
        return None
    return Obstacle(f"withdrawal {record.sk} would take over {rules.DEAR} times what a usual payout does")


def _shortage(wallet: Wallet, record: WithdrawalRecord, fee_units: int) -> Obstacle | None:
    lacking = wallet.lacks(record, fee_units)
    who = "the hot wallet" if wallet.source is None else f"the deposit account {wallet.address}"
    return None if lacking is None else Obstacle(f"{who} is short of {lacking}")
