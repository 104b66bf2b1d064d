"""Which accounts have money: read off the scanner's block records, so that taking deposits costs nothing more."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from chalicelib.chains.address_source import AddressSource
from chalicelib.chains.records import BlockRecord, DepositSweepCursor
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write, create, update
from chalicelib.sweeping.records import HoldingRecord, PaymentView

BLOCKS_IN_ONE_RUN = 500  # with something of ours; a run that falls behind goes on in the next one

Tokens = dict[str, set[str]]
"""``merchant#payment`` to the symbols of what was paid to its address."""


def collect(env: Environment, blockchain: str, source: AddressSource, head_height: int) -> set[str]:
    """Note the accounts that money has come to for good since the last run, and move the cursor.

    A reorganisation lowers the cursor, or stops this from moving it: see ``sightings.look_again_from``.

    Args:
        env: the environment.
        blockchain: the short code.
        source: what made the addresses.
        head_height: the chain's height as the scanner noted it: all below has been read and stored.

    Returns:
        The payments (``merchant#payment``) to whose addresses more is on its way, not final yet.

    Raises:
        ConflictError: another run, or a reorganisation, was beside this one; all of it is done again.
    """
    cursor = env.store.get(DepositSweepCursor, keys.sweep(f"accounts#{blockchain}"))
    from_height = cursor.from_height if cursor else 0
    deep_below = head_height - env.catalogue.most_confirmations(blockchain) + 2
    from_there = Record.sk >= f"{from_height:012d}"
    read = env.store.query_all(BlockRecord, keys.blocks(blockchain), from_there)
    blocks = list(islice(read, BLOCKS_IN_ONE_RUN))
    deep = [block for block in blocks if block.height < deep_below]
    _note_accounts(env, blockchain, source, _paid_in(env, deep))
    done_below = max((block.height + 1 for block in deep), default=from_height)
    if len(blocks) == BLOCKS_IN_ONE_RUN:
        done_below = min(done_below, blocks[-1].height)  # there may be more at this height
    if done_below != from_height:
        _move(env, blockchain, done_below, cursor.reorganisations if cursor else 0)
    return set(_paid_in(env, [block for block in blocks if block.height >= deep_below]))


def _paid_in(env: Environment, blocks: Iterable[BlockRecord]) -> Tokens:
    """Return what was paid in these blocks, but for those that the chain gave up."""
    paid: defaultdict[str, set[str]] = defaultdict(set)
    for block in blocks:
        for sighted in block.sightings if block.lost_at is None else []:
            token = env.catalogue.by_code(sighted["currency"]).token
            paid[f"{sighted['tenant_id']}#{sighted['payment_id']}"].add(token)
    return dict(paid)


def _note_accounts(env: Environment, blockchain: str, source: AddressSource, paid: Tokens) -> None:
    named = {keys.payment(*payment.split("#")): payment for payment in paid}
    found = env.store.get_many(PaymentView, list(named)) if named else {}
    addresses = {keys.holding(blockchain, view.address): (view, named[key]) for key, view in found.items()}
    known = env.store.get_many(HoldingRecord, list(addresses)) if addresses else {}
    for key, (view, payment) in addresses.items():
        holding = known.get(key)
        if holding is None:
            write = _opened(
                env, blockchain, view.address, source.key_path(view.address_index), payment, paid[payment]
            )
        else:
            write = _added_to(env, holding, paid[payment])
        env.store.commit(write)


def _opened(
    env: Environment, blockchain: str, address: str, key_path: str, payment: str, tokens: set[str]
) -> Write:
    pk, sk = keys.holding(blockchain, address)
    now = int(env.clock.now())
    holding = HoldingRecord(
        pk=pk,
        sk=sk,
        key_path=key_path,
        payment=payment,
        tokens=sorted(tokens),
        version=1,
        since=now,
        lk=keys.due_holdings(blockchain),
    )
    holding.look_at(now)
    return create(holding)


def _added_to(env: Environment, holding: HoldingRecord, tokens: set[str]) -> Write:
    """Have it looked at now; its version counts on, so that nobody who has not seen this money lets it go."""
    holding.tokens = sorted(tokens.union(holding.tokens))
    holding.look_at(env.clock.now())
    return holding.changed()


def _move(env: Environment, blockchain: str, done_below: int, reorganisations: int) -> None:
    count = DepositSweepCursor.reorganisations
    unchanged = (count == reorganisations) if reorganisations else count.does_not_exist()
    moved = [DepositSweepCursor.from_height.set(done_below)]
    env.store.commit(update(keys.sweep(f"accounts#{blockchain}"), moved, unchanged))
