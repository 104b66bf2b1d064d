"""A move of our own money as a withdrawal: opened, looked after, taken back. The payouts' worker pays it."""

import logging

from chalicelib import ids
from chalicelib.chains.address_source import SWEEP, TOP_UP, Move
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.sightings import PointerView
from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.keys import PLATFORM
from chalicelib.storage.unit_of_work import Write, create, update
from chalicelib.sweeping import rules
from chalicelib.sweeping.records import HoldingRecord
from chalicelib.sweeping.rules import Standing
from chalicelib.withdrawals import bookings, changes, lifecycle
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord

logger = logging.getLogger(__name__)


def open_move(env: Environment, blockchain: str, holding: HoldingRecord, move: Move) -> None:
    """Have the payouts' worker make a move: once, for the holding has no other in the same commit.

    Args:
        env: the environment.
        blockchain: the short code.
        holding: the holding as read, without a move; it is brought to having this one.
        move: what is to be paid.

    Raises:
        ConflictError: another run has opened one, or noted more money: nothing happened.
    """
    now = env.clock.now()
    record = _withdrawal(env, blockchain, move, ids.uuid7(now), int(now * 1000))
    pk, sk = keys.open_payout(blockchain, record.sk)
    holding.move = record.sk
    holding.moved, holding.rest = (move.token, move.rest_units) if move.purpose == SWEEP else (None, None)
    holding.look_at(now + rules.SOON_SECONDS)
    opened = create(record), create(OpenPayout(pk=pk, sk=sk, tenant_id=PLATFORM))
    noted = [_no_deposit(env, blockchain, move, record.sk)] if move.purpose == TOP_UP else []
    env.store.commit(*opened, holding.changed(), *noted)
    logger.info("%s %s of %s to %s is withdrawal %s", blockchain, move.purpose, move.token, move.to, record.sk)
    env.queues.wake_payouts(blockchain)


def has_ended(env: Environment, blockchain: str, holding: HoldingRecord) -> bool:
    """Tell whether a holding's move is done; what else becomes of one is stored with the holding.

    Args:
        env: the environment.
        blockchain: the short code.
        holding: the holding as read, with a move; where that is done, it is brought to having none, not stored.

    Raises:
        ConflictError: another run, or the payouts' worker, was beside this one: nothing happened.
    """
    record = env.store.get(WithdrawalRecord, keys.withdrawal(PLATFORM, holding.move or ""))
    assert record is not None, "a withdrawal stays for ever"
    standing = rules.standing(record.status, env.clock.now() - record.created_at / 1000)
    if standing is Standing.DONE:
        holding.move = None
        holding.failures = None if record.purpose == SWEEP else holding.failures
        return True
    if standing is Standing.OPEN:
        holding.look_at(env.clock.now() + rules.SOON_SECONDS)
        env.store.commit(holding.changed())
    elif standing is Standing.LATE:
        _take_back(env, blockchain, holding, record)
    else:
        _set_back(env, holding)
        env.store.commit(holding.changed())
        problem = "%s %s %s of %s failed (%s): it is tried again from %s on"
        logger.error(
            problem, blockchain, record.purpose, record.sk, holding.address, record.error_message, holding.lv
        )
    return False


def _no_deposit(env: Environment, blockchain: str, move: Move, withdrawal_id: str) -> Write:
    """Return the write that tells the scanner what a top-up is: nobody paid it, and nobody is credited for it."""
    key = keys.address(FAMILY_OF[blockchain], move.to)
    pointer = env.store.get(PointerView, key)
    assert pointer is not None, "a deposit address has its pointer for ever"
    seen = PointerView.top_ups
    unchanged = seen.does_not_exist() if pointer.top_ups is None else seen == pointer.top_ups
    return update(key, [seen.set([*(pointer.top_ups or []), withdrawal_id])], unchanged)


def _take_back(env: Environment, blockchain: str, holding: HoldingRecord, record: WithdrawalRecord) -> None:
    """End a move that nothing was signed for; what it rests on is looked at anew."""
    _set_back(env, holding)
    taken_back = lifecycle.cancel(record.status, record.version, int(env.clock.now() * 1000))
    changes.end(env, record, taken_back, holding.changed())
    problem = "%s %s %s of %s was never signed and is taken back: it is tried again from %s on"
    logger.error(problem, blockchain, record.purpose, record.sk, holding.address, holding.lv)


def _set_back(env: Environment, holding: HoldingRecord) -> None:
    holding.move = holding.moved = holding.rest = None
    holding.failures = (holding.failures or 0) + 1
    holding.look_at(env.clock.now() + rules.backoff_seconds(holding.failures))


def _withdrawal(
    env: Environment, blockchain: str, move: Move, withdrawal_id: str, now_ms: int
) -> WithdrawalRecord:
    pk, sk = keys.withdrawal(PLATFORM, withdrawal_id)
    is_native = move.token == blockchain_by_name(blockchain).native_token
    return WithdrawalRecord(
        pk=pk,
        sk=sk,
        purpose=move.purpose,
        blockchain=blockchain,
        token=move.token,
        currency=bookings.gas_code(env.catalogue, blockchain)
        if is_native
        else env.catalogue.by_chain_token(blockchain, move.token).code,
        source=move.source,
        address=move.to,
        status=Status.PENDING.value,
        version=1,
        requested=move.units,
        amount=move.units,
        platform_fee=0,
        network_fee=0,
        created_at=now_ms,
        updated_at=now_ms,
    )
