"""One turn of a hot wallet: what is signed is followed, lowest slot first; what waits is signed, oldest first.

Everything may be told twice, be run by several workers at once, and stop anywhere: each step is one commit on the
condition of what was read, and the next turn begins with reading.
"""

import logging
from collections.abc import Iterable, Sequence

from chalicelib.acting import acting_for
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.environment import Environment
from chalicelib.payouts import batching, filling, following, hot_wallets, signing, watching
from chalicelib.payouts.hot_wallets import Wallet
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.webhooks.reminding import PATIENCE_SECONDS, is_told
from chalicelib.withdrawals import lifecycle, steps
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord

ATTEMPTS = 10
AWAY_IN_A_ROW = 3  # then the node is away, and no more is asked of it
SIGNED_IN_ONE_TURN = 100  # then the worker is woken again: a turn must end well within its function's time

logger = logging.getLogger(__name__)


def turn(env: Environment, blockchain: str) -> None:
    """Do all that can be done now for the withdrawals of one blockchain.

    Raises:
        StorageUnavailableError: the wake-up comes again.
        Exception: one withdrawal's trouble, once all others had their turn.
    """
    if blockchain not in env.signers:
        logger.error("payouts wait on %s: there is no signer for its hot wallet", blockchain)
        return
    try:
        _work_through(env, blockchain)
    except ChainUnavailableError as error:
        logger.warning("payouts wait on %s: its node does not answer: %s", blockchain, error)


def sweep(env: Environment) -> None:
    """Wake the workers of hot wallets with open payouts, and look after what these have not told yet."""
    for blockchain in sorted(env.chains):
        entries = _entries(env, blockchain)
        if entries:
            env.queues.wake_payouts(blockchain)
        for record in _withdrawals_of(env, entries):
            if record.untold and env.clock.now() - record.updated_at / 1000 >= PATIENCE_SECONDS:
                is_told(env, record.tenant_id, steps.subject(record.sk), list(steps.tellings_of(env, record)))


def open_withdrawals(env: Environment, blockchain: str) -> list[WithdrawalRecord]:
    """Return the withdrawals that a blockchain's hot wallet has not seen the end of, oldest first."""
    return _withdrawals_of(env, _entries(env, blockchain))


def _entries(env: Environment, blockchain: str) -> list[OpenPayout]:
    """Return what is followed and what is watched, oldest first."""
    return list(env.store.query_all(OpenPayout, keys.open_payouts(blockchain)))


def _withdrawals_of(env: Environment, entries: Iterable[OpenPayout]) -> list[WithdrawalRecord]:
    """Return the withdrawals that are followed; those that are watched need not be read."""
    named = [keys.withdrawal(entry.tenant_id, entry.sk) for entry in entries if entry.ended is None]
    found = env.store.get_many(WithdrawalRecord, named) if named else {}
    return [found[key] for key in named if key in found]


def _work_through(env: Environment, blockchain: str) -> None:
    entries = _entries(env, blockchain)
    if not entries:
        return
    records = _withdrawals_of(env, entries)
    wallet = hot_wallets.wallet(env, blockchain)
    watched = [entry for entry in entries if entry.ended is not None]
    spending: list[WithdrawalRecord | OpenPayout] = [one for one in records if one.slot is not None]
    spending = sorted([*spending, *watched], key=_place)  # a lost one holds up all later ones: it goes first
    waiting = [record for record in records if record.slot is None]
    troubles = _deal_with_all(wallet, spending)
    troubles += _deal_with_all(wallet, _batched(wallet, waiting))
    filling.look_for_gaps(wallet, spending)
    if wallet.turn.signed_count >= SIGNED_IN_ONE_TURN:
        env.queues.wake_payouts(blockchain)
    if troubles:
        raise troubles[0]


def _batched(wallet: Wallet, waiting: Sequence[WithdrawalRecord]) -> Sequence[WithdrawalRecord]:
    """Sign those that wait together, where money lies in coins; elsewhere each is signed when it is dealt with."""
    return batching.sign(wallet, waiting[:SIGNED_IN_ONE_TURN]) if wallet.adapter.slot_kind == "inputs" else waiting


def _place(one: WithdrawalRecord | OpenPayout) -> tuple[int, str]:
    return one.slot or 0, one.sk


def _deal_with_all(wallet: Wallet, records: Iterable[WithdrawalRecord | OpenPayout]) -> list[Exception]:
    """Deal with each; what goes wrong with one does not hold up the others."""
    troubles: list[Exception] = []
    away = 0
    for record in records:
        if wallet.turn.signed_count >= SIGNED_IN_ONE_TURN and record.slot is None:
            break
        try:
            if isinstance(record, OpenPayout):
                watching.watch(wallet.of(record.source), record)
            else:
                _deal_with(wallet.of(record.source), record)
        except StorageUnavailableError:
            raise
        except ChainUnavailableError as error:  # perhaps of this one alone: providers may disagree about its block
            away += 1
            if away >= AWAY_IN_A_ROW:
                raise
            logger.warning("withdrawal %s was not dealt with: %s", record.sk, error)
        except Exception as trouble:
            logger.exception("withdrawal %s was not dealt with, its turn comes again", record.sk)
            troubles.append(trouble)
        else:
            away = 0
    return troubles


def _deal_with(wallet: Wallet, record: WithdrawalRecord) -> None:
    """Sign it if it waits, and follow it; from the start again when another worker was faster."""
    for _ in range(ATTEMPTS):
        try:
            with acting_for(record.tenant_id):
                if record.slot is not None or (record.status == Status.PENDING and signing.sign(wallet, record)):
                    following.follow(wallet, record)
        except ConflictError:
            fresh = wallet.env.store.get(WithdrawalRecord, record.key)
            assert fresh is not None, "a withdrawal stays for ever"
            record = fresh
        else:
            _reckon_with(wallet, record)
            return
    raise ConflictError(f"withdrawal {record.sk} changed too often")


def _reckon_with(wallet: Wallet, record: WithdrawalRecord) -> None:
    """Set aside what it will take, while it is signed and in no block."""
    if record.signed and record.height is None and not lifecycle.is_final(record.status):
        wallet.reserve(record, record.attempts[-1].fee_units)
    else:
        wallet.set_free(record)
