"""What the deposit worker does with one sighting: take it into its payment, credit it when it is deep enough.

Every step is decided by the pure rules on the payment as read, and committed on the condition that it is still
that payment; whoever loses a race reads again. The same message twice, late or out of order changes nothing.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

from chalicelib import acting
from chalicelib.chains.records import Sighted
from chalicelib.currencies import service as currencies
from chalicelib.environment import Environment
from chalicelib.payments import bookings, deposit_proof, lifecycle, pricing, steps
from chalicelib.payments.deposits import Deposit, DepositState, Sighting, split
from chalicelib.payments.lifecycle import Change
from chalicelib.payments.records import PaymentRecord, stored_moving
from chalicelib.payments.state import PaymentState
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, Write, delete, update
from chalicelib.webhooks import outbox

ATTEMPTS = 10

Decision = Callable[[PaymentRecord, PaymentState], Change | None]

logger = logging.getLogger(__name__)


def handle(env: Environment, sighted: Sighted) -> None:
    """Deal with one sighting.

    Args:
        env: the environment.
        sighted: the sighting; with ``lost`` when its block or transaction may be gone, with ``head`` as the
            chain's height when it was told.

    Raises:
        ChainUnavailableError: the node must be asked and does not answer; the message comes again.
        RatesUnavailableError: the deposit must be valued and no price is fresh; the message comes again.
        StorageUnavailableError, ConflictError: the message comes again.
    """
    sighting = sighting_of(env, sighted)
    if sighted.get("lost"):
        _step(
            env, sighted, lambda record, state: _aftermath(env, record, state, sighting), *_reminder(env, sighted)
        )
        if sighting.height is None:
            _forget_mempool(env, sighting)
        return
    state = _step(env, sighted, lambda record, state: _admission(env, record, state, sighting))
    for deposit in _deep_enough(env, state, sighted):
        _step(env, sighted, partial(_credit, env, deposit))


@acting.for_its_tenant
def commit_change(
    env: Environment, tenant_id: str, record: PaymentRecord, change: Change, height: int, *more: Write
) -> None:
    """Commit a payment's step: the payment, the money it moves, and what is to be told, all at once.

    Raises:
        ConflictError: the payment or a balance is not as it was read.
    """
    record.untold = steps.without_told(env, tenant_id, record)
    booked = bookings.writes(env, tenant_id, record, change)
    untold = steps.untold_after(record, change, height, booked.movement_ids)
    attributes = [
        PaymentRecord.status.set(change.state.status.value),
        PaymentRecord.version.set(change.state.version),
        PaymentRecord.moving.set(stored_moving(change.state)),
        PaymentRecord.untold.remove() if untold is None else PaymentRecord.untold.set(untold),
    ]
    unchanged = PaymentRecord.version == record.version
    env.store.commit(update(record.key, attributes, unchanged), *booked.writes, *more)
    if change.event_due or booked.movement_ids:
        env.queues.wake_numbering(tenant_id, steps.subject(record.sk))


def _step(env: Environment, sighted: Sighted, decide: Decision, *more: Write) -> PaymentState | None:
    """Read the payment, decide, commit; from the start again when another was faster. Returns what stands then."""
    tenant_id, payment_id = sighted["tenant_id"], sighted["payment_id"]
    for attempt in range(ATTEMPTS):
        record = env.store.get(PaymentRecord, keys.payment(tenant_id, payment_id))
        if record is None:
            logger.error("an address pointer names no payment: %s", payment_id)
            return None
        state = record.state(env.catalogue.by_code(record.currency).decimals)
        change = decide(record, state)
        if change is None:
            return state
        try:
            commit_change(env, tenant_id, record, change, int(sighted.get("head", 0)), *more)
        except ConflictError:
            time.sleep(0.005 * attempt)
        else:
            return change.state
    raise ConflictError(f"payment {payment_id} changed too often while a deposit was dealt with")


def _admission(env: Environment, record: PaymentRecord, state: PaymentState, sighting: Sighting) -> Change | None:
    """The deposit is seen: for the first time, or in another block than before."""
    known = bookings.known_deposit(env, record, state, sighting)
    if lifecycle.is_full(state, sighting):
        return None  # the sweep tells of it again once there is room
    counted = _worth(env, record, sighting) if lifecycle.needs_rate(state, sighting, known) else None
    return lifecycle.admit(state, sighting, counted, _now(env), known)


def _deep_enough(env: Environment, state: PaymentState | None, sighted: Sighted) -> list[Deposit]:
    """Return the payment's open deposits on this chain that are deep enough, by the height that was told.

    Not only the one that was told of: dust that has just been promoted has been deep for long.
    """
    head, blockchain = int(sighted.get("head", 0)), sighted["blockchain"]
    return [
        deposit
        for deposit in (state.deposits if state else ())
        if deposit.state is DepositState.SEEN and deposit.blockchain == blockchain and is_deep(env, deposit, head)
    ]


def is_deep(env: Environment, deposit: Deposit, head: int) -> bool:
    """Say whether a deposit has all the confirmations that its currency asks for, at that height of its chain."""
    wanted = env.catalogue.by_code(deposit.currency).confirmations
    return deposit.height is not None and head - deposit.height + 1 >= wanted


def _credit(env: Environment, deposit: Deposit, record: PaymentRecord, state: PaymentState) -> Change | None:
    """The deposit was told to be deep enough: ask the chain once more, credit it only if all of it is so."""
    adapter = env.chains[deposit.blockchain]
    with adapter.pinned():  # so that the witnesses are others than the one that says all this
        found = adapter.status(deposit.txid)
        is_there = (
            found.state == "mined" and found.ok and found.block_hash == deposit.block_hash and found.is_final
        )
        if not is_there or not is_deep(env, deposit, adapter.head().height):
            logger.info("a deposit of payment %s is not where it was seen", record.sk)
            return None  # the scanner finds out what became of it, and tells
        deposit_proof.witness(adapter, found, deposit_proof.transfer_of(env, record, deposit))
    now_known = state.deposit(deposit.deposit_id)
    is_same = now_known is not None and now_known.block_hash == deposit.block_hash
    return lifecycle.credit(state, deposit.deposit_id, _now(env)) if is_same else None


def _aftermath(env: Environment, record: PaymentRecord, state: PaymentState, sighting: Sighting) -> Change | None:
    """The deposit's block, or the deposit itself, may be gone: ask the chain, and take back what is."""
    known = bookings.known_deposit(env, record, state, sighting)
    deposit = state.deposit(sighting.deposit_id) or known
    if deposit is None or deposit.is_lost or deposit.height != sighting.height:
        return None  # never taken in, taken back already, or seen in another block since
    adapter = env.chains[sighting.blockchain]
    with adapter.pinned():  # what a node that is behind says of one thing must not meet another's word
        found = adapter.status(sighting.txid, sighting.spends)
        if found.state == "mined" and found.ok:
            moved = replace(sighting, height=found.height, block_hash=found.block_hash, seen_at=_now(env))
            return lifecycle.admit(state, moved, deposit.counted_units, _now(env), known)
        if found.state == "mempool" or not deposit_proof.is_replaced(adapter, deposit):
            return None  # it will be mined again, or lost for good: either is told
        is_failed = found.state == "mined"
        if is_failed:
            deposit_proof.witness(adapter, found)
    if deposit.state is DepositState.CREDITED:
        return lifecycle.reverse(state, deposit.deposit_id, _now(env), known)
    if is_failed or found.state == "impossible":
        return lifecycle.impossible(state, deposit.deposit_id, _now(env))
    return lifecycle.orphan(state, deposit.deposit_id, _now(env))


def _worth(env: Environment, record: PaymentRecord, sighting: Sighting) -> int:
    """Return what a floating or late deposit is worth against the amount due, at this moment's rate."""
    rate = currencies.rate(env, record.price_currency, record.currency, is_fixed=False)
    whole_units = split(sighting.units, sighting.decimals)[0]
    return pricing.due_equivalent(whole_units, Fraction(record.rate), rate)


def sighting_of(env: Environment, sighted: Sighted) -> Sighting:
    """Read a message of the scanner."""
    currency = env.catalogue.by_code(sighted["currency"])
    return Sighting(
        blockchain=sighted["blockchain"],
        txid=sighted["txid"],
        index=sighted["index"],
        currency=currency.code,
        decimals=currency.decimals,
        dust_bound_units=currency.dust_units,
        units=int(sighted["units"]),
        height=sighted["height"],
        block_hash=sighted["block_hash"],
        seen_at=sighted["seen_at"] / 1000,
        spends=sighted.get("spends"),
    )


def _reminder(env: Environment, sighted: Sighted) -> list[Write]:
    """Return the reminder of a step that no block record reminds of: its money was in the mempool alone."""
    if sighted["height"] is not None:
        return []
    return [outbox.reminder(sighted["tenant_id"], steps.subject(sighted["payment_id"]), env.clock.now())]


def _forget_mempool(env: Environment, sighting: Sighting) -> None:
    env.store.commit(delete(keys.mempool_sighting(sighting.blockchain, sighting.txid, sighting.index)))


def _now(env: Environment) -> float:
    """Return the time in the milliseconds that are stored: what is read back equals what was decided on."""
    return int(env.clock.now() * 1000) / 1000
