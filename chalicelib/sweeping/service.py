"""One run of sweeping: what came is noted, what has ended is read, what is worth it is set moving.

A run may happen twice, beside another, late, or stop anywhere: each step is one commit on the condition of what
was read. Nothing here signs: that is the payouts' worker's.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction

from pynamodb.expressions.operand import Path

from chalicelib.chains.adapter import ChainUnavailableError, Signer
from chalicelib.chains.address_source import AddressSource, DerivedAccounts
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.records import ChainHeads
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.sweeping import collecting, moving, weighing
from chalicelib.sweeping.records import HoldingRecord, due_text
from chalicelib.sweeping.rules import PARKED_SECONDS
from chalicelib.sweeping.weighing import Scales

HOLDINGS_IN_ONE_RUN = 100  # of a blockchain; the others have their turn in the next one
MOST_SILENCES = 3  # in a row: then it is the node, and not what it is asked about

logger = logging.getLogger(__name__)


def sweep(env: Environment) -> None:
    """Bring home what is worth it, on every blockchain whose money lies on accounts."""
    above_cents = env.settings.sweep_above_cents
    if above_cents is None:
        return
    heads = env.store.get(ChainHeads, keys.chain_heads())
    source = DerivedAccounts(env.settings.deposit_xpubs)
    troubles: list[Exception] = []
    for blockchain in sorted(env.chains):
        head_height = heads.height_of(blockchain) if heads else 0
        if not head_height or env.chains[blockchain].slot_kind == "inputs":
            continue
        try:
            troubles += _sweep_chain(env, blockchain, source, head_height, Fraction(above_cents))
        except ConflictError:
            logger.info("the deposits on %s changed while they were collected; the next run goes on", blockchain)
        except ChainUnavailableError as error:
            logger.warning("deposits on %s are not swept now, its node does not answer: %s", blockchain, error)
    if troubles:
        raise troubles[0]


def _sweep_chain(
    env: Environment, blockchain: str, source: AddressSource, head_height: int, above_cents: Fraction
) -> list[Exception]:
    arriving = collecting.collect(env, blockchain, source, head_height)
    due = _due(env, blockchain)
    if not due or not _can_sign(env, blockchain, source):
        return []
    adapter = env.chains[blockchain]
    with adapter.pinned():
        if adapter.head().height < head_height:
            raise ChainUnavailableError("it is behind what was read of its chain")  # balances would lack money
        hot_wallet = _address(env, blockchain, env.signers[blockchain])
        return _look_after_all(Scales(env, blockchain, source, hot_wallet, above_cents, arriving), due)


def _due(env: Environment, blockchain: str) -> list[HoldingRecord]:
    """Return what is to be looked at now, the longest due first; an index tells, a moment late."""
    now, partition = due_text(env.clock.now()), keys.due_holdings(blockchain)
    page = env.store.query(Record, partition, Path("lv") <= now, limit=HOLDINGS_IN_ONE_RUN, index="list_index")
    named = [one.key for one in page.records]
    found = env.store.get_many(HoldingRecord, named) if named else {}
    return [found[key] for key in named if key in found and found[key].lv <= now]


def _can_sign(env: Environment, blockchain: str, source: AddressSource) -> bool:
    """Tell whether the blockchain's hot wallet has the account of the deposits' keys; no seed is opened here."""
    with suppress(KeyError):
        env.signers[blockchain].child(source.key_path(0))
        return True
    logger.error("deposits on %s are not swept: its hot wallet has no keys of theirs", blockchain)
    return False


def _look_after_all(scales: Scales, due: Iterable[HoldingRecord]) -> list[Exception]:
    """Look after each; one's trouble, which is returned, does not hold up the others."""
    troubles: list[Exception] = []
    silences = 0
    for holding in due:
        try:
            _look_after(scales, holding)
        except ConflictError:
            logger.info("%s changed meanwhile: its turn comes again", holding.address)
        except StorageUnavailableError:
            raise
        except ChainUnavailableError:
            silences += 1
            if silences == MOST_SILENCES:
                raise
            _put_off(scales, holding)
            continue
        except Exception as trouble:
            logger.exception("%s on %s was not looked after", holding.address, scales.blockchain)
            troubles.append(trouble)
            _put_off(scales, holding)
        silences = 0
    return troubles


def _look_after(scales: Scales, holding: HoldingRecord) -> None:
    env, blockchain = scales.env, scales.blockchain
    if holding.move is not None and not moving.has_ended(env, blockchain, holding):
        return
    signer = env.signers[blockchain].child(holding.key_path)
    if _address(env, blockchain, signer) != holding.address:
        logger.error("%s on %s is not swept: its key is none of this account's", holding.address, blockchain)
        holding.look_at(env.clock.now() + PARKED_SECONDS)
        env.store.commit(holding.changed())
        return
    weighed = weighing.weigh(scales, holding)
    if weighed.move is not None:
        holding.tokens = weighed.tokens
        moving.open_move(env, blockchain, holding, weighed.move)
    elif weighed.tokens:
        holding.tokens, holding.moved, holding.rest = weighed.tokens, None, None
        holding.look_at(weighed.look_at)
        env.store.commit(holding.changed())
    else:
        env.store.commit(holding.gone())


def _address(env: Environment, blockchain: str, signer: Signer) -> str:
    """Return a key's address in the spelling that the chain's adapter gives it."""
    spelled = address_of_public_key(FAMILY_OF[blockchain], signer.public_key)
    return env.chains[blockchain].validate(spelled).address


def _put_off(scales: Scales, holding: HoldingRecord) -> None:
    """Let the others go first next time: a node that cannot tell of one account must not hold them up."""
    fresh = scales.env.store.get(HoldingRecord, holding.key)
    if fresh is not None:
        fresh.look_at(scales.env.clock.now() + 1)
        with suppress(ConflictError):  # another run saw to it
            scales.env.store.commit(fresh.changed())
