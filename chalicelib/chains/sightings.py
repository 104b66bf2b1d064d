"""What the scanner sees for us: matched with address pointers, stored by block, told to the deposit workers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pynamodb.attributes import UnicodeAttribute

from chalicelib.chains.adapter import HOT_WALLET_PATH, Transfer
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.records import (
    BlockRecord,
    CoinRecord,
    DepositSweepCursor,
    MempoolRecord,
    Sighted,
    StrayDeposit,
)
from chalicelib.currencies.catalogue import UnknownCurrencyError
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, delete, put, update

MEMPOOL_PATIENCE_SECONDS = 600
SIGHTINGS_IN_ONE_ITEM = 500  # far below DynamoDB's 400 KB
SLOTS_KEPT = 1


class PointerView(Record):
    """Whose address it is, as far as the scanner wants to know."""

    tenant_id = UnicodeAttribute(attr_name="t")
    payment_id = UnicodeAttribute(attr_name="p")
    index = IntegerAttribute(attr_name="i")


class Matcher:
    """Tells which addresses are ours, and remembers whose for the transfers that match.

    Where money lies in coins, the hot wallet's address is ours too: change comes back there, and what a treasurer
    sends.
    """

    def __init__(self, env: Environment, blockchain: str) -> None:
        self._env = env
        self._family = FAMILY_OF[blockchain]
        self.has_coins = env.chains[blockchain].slot_kind == "inputs"
        xpub = env.settings.deposit_xpubs[self._family]
        self.hot_wallet = address_at(self._family, xpub, HOT_WALLET_PATH) if self.has_coins else None
        self.owners: dict[str, PointerView] = {}

    def __call__(self, addresses: Iterable[str]) -> set[str]:
        """Return the addresses that are ours."""
        asked = set(addresses)
        wanted = {keys.address(self._family, address): address for address in asked - {self.hot_wallet}}
        found = self._env.store.get_many(PointerView, list(wanted))
        self.owners |= {wanted[key]: pointer for key, pointer in found.items()}
        return {wanted[key] for key in found} | asked & {self.hot_wallet}


def store_blocks(env: Environment, blockchain: str, first: int, last: int) -> list[Sighted]:
    """Read a range of blocks and store what is ours in it, a record for each block that has something.

    Returns:
        The sightings, to be told once the cursor has moved.
    """
    matcher = Matcher(env, blockchain)
    transfers = env.chains[blockchain].scan(first, last, matcher)
    if matcher.has_coins:
        _store_coins(env, blockchain, transfers, matcher)
    by_block: defaultdict[tuple[int, str], list[Sighted]] = defaultdict(list)
    for sighted in _sighted(env, blockchain, transfers, matcher):
        by_block[sighted["height"], sighted["block_hash"]].append(sighted)
    for (height, block_hash), together in by_block.items():
        _store_block(env, blockchain, height, block_hash, together)
    return [sighted for together in by_block.values() for sighted in together]


def store_mempool(env: Environment, blockchain: str) -> list[Sighted]:
    """Store what is ours and in no block yet.

    Returns:
        What was not known before, and what was and has gone without being mined, to be looked into.
    """
    matcher = Matcher(env, blockchain)
    transfers = env.chains[blockchain].mempool(matcher)
    there = {
        keys.mempool_sighting(blockchain, one["txid"], one["index"]): one
        for one in _sighted(env, blockchain, transfers, matcher)
    }
    known = {record.key: record for record in env.store.query_all(MempoolRecord, keys.mempool(blockchain))}
    fresh = {key: sighted for key, sighted in there.items() if key not in known}
    for key, sighted in fresh.items():
        record = MempoolRecord(pk=key.pk, sk=key.sk, sighting=sighted, seen_at=int(env.clock.now()))
        env.store.commit(put(record))
    left = [record for key, record in known.items() if key not in there]
    return [*fresh.values(), *_gone(env, blockchain, left)]


def _gone(env: Environment, blockchain: str, left: Sequence[MempoolRecord]) -> Iterable[Sighted]:
    """Forget what has been mined (its block tells of it); give what never will be to the deposit workers.

    A node may drop a transaction that others still have: it is given time to come back.
    """
    for record in left:
        status = env.chains[blockchain].status(record.sighting["txid"], record.sighting.get("spends"))
        is_old = env.clock.now() - record.seen_at >= MEMPOOL_PATIENCE_SECONDS
        if status.state == "mined":
            env.store.commit(delete(record.key))
        elif status.state == "impossible" or (status.state == "missing" and is_old):
            yield {**record.sighting, "lost": True}


def give_up_blocks(env: Environment, blockchain: str, first: int) -> list[Sighted]:
    """Mark the stored blocks from a height on as lost, and return what was seen in them, to be looked into."""
    lost: list[Sighted] = []
    from_there = Record.sk >= f"{first:012d}"
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain), from_there):
        if block.lost_at is None:
            env.store.commit(update(block.key, [BlockRecord.lost_at.set(int(env.clock.now()))]))
        lost += [{**sighted, "lost": True} for sighted in block.sightings]
    return lost


def look_again_from(env: Environment, blockchain: str, height: int) -> None:
    """Have the deposit sweep look after the blocks from a height on, although it was done with them.

    After what was lost there and what came instead are stored: a sweep beside it may have seen neither.
    """
    key, cursor = keys.sweep(f"deposits#{blockchain}"), DepositSweepCursor.from_height
    counted = DepositSweepCursor.reorganisations.add(1)
    try:
        env.store.commit(update(key, [cursor.set(height), counted], cursor > height))
    except ConflictError:  # it has not come that far, and a sweep that is under way must not either
        env.store.commit(update(key, [counted]))


def _store_block(
    env: Environment, blockchain: str, height: int, block_hash: str, together: Sequence[Sighted]
) -> None:
    for part in range(0, len(together), SIGHTINGS_IN_ONE_ITEM):
        pk, sk = keys.block(blockchain, height, block_hash, part)
        record = BlockRecord(
            pk=pk,
            sk=sk,
            height=height,
            block_hash=block_hash,
            sightings=list(together[part : part + SIGHTINGS_IN_ONE_ITEM]),
            seen_at=int(env.clock.now()),
        )
        env.store.commit(put(record))


def _sighted(
    env: Environment, blockchain: str, transfers: Iterable[Transfer], matcher: Matcher
) -> Iterable[Sighted]:
    for transfer in transfers:
        if not transfer.ok or transfer.units <= 0:
            continue
        owner = matcher.owners.get(transfer.to)
        if owner is None:
            continue  # the hot wallet's own
        try:
            currency = env.catalogue.by_chain_token(blockchain, transfer.token)
        except UnknownCurrencyError:
            _store_stray(env, blockchain, transfer, owner)
            continue
        yield {
            "blockchain": blockchain,
            "txid": transfer.txid,
            "index": transfer.index,
            "currency": currency.code,
            "units": str(transfer.units),
            "height": transfer.height,
            "block_hash": transfer.block_hash,
            "tenant_id": owner.tenant_id,
            "payment_id": owner.payment_id,
            "seen_at": int(env.clock.now() * 1000),
            **({"spends": _first_slots(transfer.spends)} if transfer.spends else {}),
        }


def _first_slots(spends: str) -> str:
    """Shorten what a transaction spends: that one part of it is spent elsewhere proves that it never comes."""
    return ",".join(spends.split(",")[:SLOTS_KEPT])


def _store_coins(env: Environment, blockchain: str, transfers: Iterable[Transfer], matcher: Matcher) -> None:
    """Keep the coins that came in blocks: payouts are made of them. Whether one is spent, the node says then."""
    for transfer in transfers:
        if not transfer.ok or transfer.units <= 0:
            continue
        owner = matcher.owners.get(transfer.to)
        key_path = f"0/{owner.index}" if owner else HOT_WALLET_PATH
        pk, sk = keys.coin(blockchain, f"{transfer.txid}:{transfer.index}")
        env.store.commit(put(CoinRecord(pk=pk, sk=sk, units=transfer.units, key_path=key_path)))


def _store_stray(env: Environment, blockchain: str, transfer: Transfer, owner: PointerView) -> None:
    pk, sk = keys.stray_deposit(blockchain, transfer.txid, transfer.index)
    record = StrayDeposit(
        pk=pk,
        sk=sk,
        blockchain=blockchain,
        token=transfer.token,
        units=str(transfer.units),
        address=transfer.to,
        txid=transfer.txid,
        tenant_id=owner.tenant_id,
        payment_id=owner.payment_id,
        seen_at=int(env.clock.now()),
    )
    env.store.commit(put(record))
