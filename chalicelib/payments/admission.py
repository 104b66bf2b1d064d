"""How money that is sighted comes into a payment: first seen, seen again in a block, mined again after a loss."""

from dataclasses import replace

from chalicelib.payments.changes import Change, settle, standing_of
from chalicelib.payments.deposits import Deposit, DepositState, Sighting, split
from chalicelib.payments.labels import Label
from chalicelib.payments.state import PaymentState
from chalicelib.payments.statuses import EXPIRING, next_status

OPEN_KEPT = 200
DUST_KEPT = 100


class RateNeededError(ValueError):
    """The deposit is worth what the rate of this moment says, and no worth was given."""


def admit(
    state: PaymentState,
    sighting: Sighting,
    counted_units: int | None,
    now: float,
    known: Deposit | None = None,
) -> Change | None:
    """Take a sighting into a payment. The same sighting again changes nothing.

    A deposit keeps the worth, the lateness and the place of its first sighting whatever the chain does later.

    Args:
        state: the payment.
        sighting: what was seen; never one of nothing, nor, at a floating rate, one outside a block: these
            are passed over.
        counted_units: what it is worth against the amount due, where :func:`needs_rate` says that the
            rate of this moment decides; else None, and coins count one to one.
        now: Unix seconds.
        known: the deposit as the journal has it, if it has fallen off the payment's list.

    Returns:
        The step, or None if there is nothing to store.

    Raises:
        RateNeededError: the worth is needed and missing.
    """
    if sighting.units <= 0 or (not state.is_fixed_rate and sighting.height is None):
        return None
    deposit = _find(state, sighting, known)
    now = max(now, sighting.seen_at)
    if deposit is None:
        return _first_seen(state, sighting, counted_units, now)
    if deposit.is_lost:
        return _mined_again(state, deposit, sighting, now)
    return _moved(state, deposit, sighting, now)


def needs_rate(state: PaymentState, sighting: Sighting, known: Deposit | None = None) -> bool:
    """Tell whether a deposit is worth what the rate of this moment says.

    Only in the payment's own currency, with a price in another one, when it is new, and floating or late.
    """
    is_priced = sighting.currency == state.currency and not state.is_priced_in_coin
    if not is_priced or _find(state, sighting, known) is not None:
        return False
    return not state.is_fixed_rate or sighting.seen_at >= state.expires_at


def is_full(state: PaymentState, sighting: Sighting) -> bool:
    """Tell whether a new deposit must be left for later, until open ones have been credited.

    Dust has room of its own, so that a flood of it never keeps real money waiting; dust that makes the sum
    pass its bound always has room, as it empties that list.
    """
    if state.deposit(sighting.deposit_id) is not None:
        return False
    if not sighting.is_dust:
        return sum(d.state is DepositState.SEEN for d in state.deposits) >= OPEN_KEPT
    waiting = state.dust(sighting.currency)
    together = sighting.units + sum(d.units for d in waiting)
    all_dust = sum(d.state is DepositState.DUST for d in state.deposits)
    return all_dust >= DUST_KEPT and together < sighting.dust_bound_units


def _find(state: PaymentState, sighting: Sighting, known: Deposit | None) -> Deposit | None:
    # An open deposit is always on the list: an open item that is not there has never been admitted.
    return state.deposit(sighting.deposit_id) or (known if known and not known.is_open else None)


def _first_seen(state: PaymentState, sighting: Sighting, counted_units: int | None, now: float) -> Change:
    if counted_units is None and needs_rate(state, sighting):
        raise RateNeededError("a floating or late deposit is worth what the rate of this moment says")
    deposit = _deposit(state, sighting, counted_units)
    after = _expired_first(state, deposit, now)
    after = replace(after, deposits_count=state.deposits_count + 1)
    return _join(state, after, deposit, sighting, now)


def _deposit(state: PaymentState, sighting: Sighting, counted_units: int | None) -> Deposit:
    whole_units = split(sighting.units, sighting.decimals)[0]
    worth = whole_units if counted_units is None else counted_units
    return Deposit(
        blockchain=sighting.blockchain,
        txid=sighting.txid,
        index=sighting.index,
        currency=sighting.currency,
        decimals=sighting.decimals,
        units=sighting.units,
        counted_units=worth if sighting.currency == state.currency else 0,
        state=DepositState.DUST if sighting.is_dust else DepositState.SEEN,
        first_seen_at=sighting.seen_at,
        is_late=sighting.seen_at >= state.expires_at,
        height=sighting.height,
        block_hash=sighting.block_hash,
    )


def _expired_first(state: PaymentState, deposit: Deposit, now: float) -> PaymentState:
    # Late money finds its payment expired, also when the schedule that expires payments has not come by yet.
    if not deposit.is_late or state.status not in EXPIRING:
        return state
    return replace(state, status=next_status(state.status, standing_of(state, now)))


def _promoted(state: PaymentState, sighting: Sighting) -> tuple[Deposit, ...]:
    waiting = state.dust(sighting.currency)
    if sum(d.units for d in waiting) < sighting.dust_bound_units:
        return ()
    return tuple(replace(d, state=DepositState.SEEN) for d in waiting)


def _mined_again(state: PaymentState, deposit: Deposit, sighting: Sighting, now: float) -> Change | None:
    # A message that tells of the block which was lost, from before it was lost, comes late: nothing is new.
    is_stale = deposit.is_in_block_of(sighting) and sighting.seen_at <= (deposit.closed_at or 0)
    if is_stale:
        return None
    was_credited = deposit.state is DepositState.REVERSED
    again = replace(
        deposit,
        state=DepositState.DUST if sighting.is_dust and not was_credited else DepositState.SEEN,
        height=sighting.height,
        block_hash=sighting.block_hash,
        round=deposit.round + was_credited,
        credited_units=0,
        closed_at=None,
    )
    return _join(state, state, again, sighting, now)


def _moved(state: PaymentState, deposit: Deposit, sighting: Sighting, now: float) -> Change | None:
    is_listed = state.deposit(deposit.deposit_id) is not None
    # A mempool sighting after one in a block is an older message; a reorganisation is told by the block.
    if not is_listed or sighting.height is None or deposit.is_in_block_of(sighting):
        return None
    moved = replace(deposit, height=sighting.height, block_hash=sighting.block_hash)
    is_reorg = deposit.is_live and deposit.height is not None
    return settle(state, state.with_deposit(moved), now, told=(Label.REORGED,) if is_reorg else ())


def _join(before: PaymentState, after: PaymentState, deposit: Deposit, sighting: Sighting, now: float) -> Change:
    after = after.with_deposit(deposit)
    joining = (deposit,) if deposit.is_live else _promoted(after, sighting)
    totals = after.totals
    for joined in joining:
        totals = totals.sighted(joined, after.owns(joined))
        after = after.with_deposit(joined)
    is_foreign = any(not after.owns(joined) for joined in joining)
    told = (Label.WRONG_CURRENCY,) if is_foreign else ()
    return settle(before, replace(after, totals=totals), now, told=told)
