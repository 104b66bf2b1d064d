"""What the scanner sees for us: matched with address pointers, stored by block, told to the deposit workers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pynamodb.attributes import UnicodeAttribute

from chalicelib.chains.adapter import HOT_WALLET_PATH, Transfer
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.networks import FAMILY_OF, SEGWIT_PREFIX
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
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, Write, delete, put, update

MEMPOOL_PATIENCE_SECONDS = 600
SIGHTINGS_IN_ONE_ITEM = 500  # far below DynamoDB's 400 KB
SLOTS_KEPT = 1
BLOCK_READERS = ("deposits", "accounts")  # work the blocks off behind a cursor: deposits told, accounts swept


class PointerView(Record):
    """Whose address it is, as far as the scanner wants to know.

    Attributes:
        tenant_id: the merchant.
        payment_id: the payment.
        index: the address' number.
        top_ups: withdrawals of ours that brought it coin for its gas: what they bring is no deposit.
    """

    tenant_id = UnicodeAttribute(attr_name="t")
    payment_id = UnicodeAttribute(attr_name="p")
    index = IntegerAttribute(attr_name="i")
    top_ups = CompactJsonAttribute(attr_name="u", null=True)


class TopUpView(Record):
    """A withdrawal that brought coin to an address of ours: all that was ever signed for it, ids first."""

    signed = CompactJsonAttribute(attr_name="t", null=True)


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
        # Of the forms that an address can have there, ours have one: p2wpkh (BIP-84). The others need no look.
        self._beginning = f"{SEGWIT_PREFIX[self._family]}1q" if self.has_coins else ""
        self.owners: dict[str, PointerView] = {}

    def __call__(self, addresses: Iterable[str]) -> set[str]:
        """Return the addresses that are ours."""
        asked = {address for address in addresses if address.startswith(self._beginning)}
        wanted = {keys.address(self._family, address): address for address in asked - {self.hot_wallet}}
        found = self._env.store.get_many(PointerView, list(wanted))
        self.owners |= {wanted[key]: pointer for key, pointer in found.items()}
        return {wanted[key] for key in found} | asked & {self.hot_wallet}


@dataclass(frozen=True, eq=False)
class BlocksRead:
    """What is ours in a range of blocks, as the chain has it; nothing of it is stored yet.

    Attributes:
        transfers: what came to our addresses.
        matcher: whose these are.
        by_block: height and hash of each block that has a deposit, with its sightings.
    """

    transfers: list[Transfer]
    matcher: Matcher
    by_block: dict[tuple[int, str], list[Sighted]]


def store_blocks(env: Environment, blockchain: str, first: int, last: int) -> list[Sighted]:
    """Read a range of blocks and store what is ours in it, a record for each block that has something.

    Returns:
        The sightings, to be told once the cursor has moved.
    """
    read = read_blocks(env, blockchain, first, last)
    if read.matcher.has_coins:
        store_coins(env, blockchain, read.transfers, read.matcher)
    for (height, block_hash), together in read.by_block.items():
        store_block(env, blockchain, height, block_hash, together)
    return [sighted for together in read.by_block.values() for sighted in together]


def read_blocks(env: Environment, blockchain: str, first: int, last: int) -> BlocksRead:
    """Read what is ours in a range of blocks; only what no currency names is kept, for the operator."""
    matcher = Matcher(env, blockchain)
    transfers = env.chains[blockchain].scan(first, last, matcher)
    by_block: defaultdict[tuple[int, str], list[Sighted]] = defaultdict(list)
    for sighted in _sighted(env, blockchain, transfers, matcher):
        by_block[sighted["height"], sighted["block_hash"]].append(sighted)
    return BlocksRead(transfers, matcher, dict(by_block))


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
        is_failed = status.state == "mined" and not status.ok  # no block will ever tell of it
        if status.state == "mined" and status.ok:
            env.store.commit(delete(record.key))
        elif is_failed or status.state == "impossible" or (status.state == "missing" and is_old):
            yield {**record.sighting, "lost": True}


def give_up_blocks(env: Environment, blockchain: str, first: int, fence: Write) -> list[Sighted]:
    """Mark the stored blocks from a height on as lost.

    Args:
        env: the environment.
        blockchain: the short code.
        first: the height.
        fence: the demand that the caller may still do so, made of each write.

    Returns:
        What was seen in them, to be looked into.
    """
    from_there = Record.sk >= f"{first:012d}"
    blocks = env.store.query_all(BlockRecord, keys.blocks(blockchain), from_there)
    return [sighted for block in blocks for sighted in give_up_block(env, block, fence)]


def give_up_block(env: Environment, block: BlockRecord, fence: Write) -> list[Sighted]:
    """Mark one stored block as lost, and return what was seen in it."""
    if block.lost_at is None:
        env.store.commit(update(block.key, [BlockRecord.lost_at.set(int(env.clock.now()))]), fence)
    return [{**sighted, "lost": True} for sighted in block.sightings]


def look_again_from(env: Environment, blockchain: str, height: int) -> None:
    """Have those who work blocks off look after the ones from a height on, although they were done with them.

    After what was lost there and what came instead are stored: a sweep beside it may have seen neither.
    """
    cursor, counted = DepositSweepCursor.from_height, DepositSweepCursor.reorganisations.add(1)
    for reader in BLOCK_READERS:
        key = keys.sweep(f"{reader}#{blockchain}")
        try:
            env.store.commit(update(key, [cursor.set(height), counted], cursor > height))
        except ConflictError:  # it has not come that far, and one that is under way must not either
            env.store.commit(update(key, [counted]))


def store_block(
    env: Environment, blockchain: str, height: int, block_hash: str, together: Sequence[Sighted]
) -> None:
    """Store what is ours in one block, in place of what was stored of it before."""
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
        if owner is None or _is_top_up(env, transfer, owner):
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


def _is_top_up(env: Environment, transfer: Transfer, owner: PointerView) -> bool:
    """Tell whether it is our own coin for the address' gas; what was sent is stored before it is."""
    if not owner.top_ups:
        return False
    named = [keys.withdrawal(keys.PLATFORM, withdrawal_id) for withdrawal_id in owner.top_ups]
    top_ups = env.store.get_many(TopUpView, named).values()
    return any(transfer.txid == signed[0] for top_up in top_ups for signed in top_up.signed or [])


def _first_slots(spends: str) -> str:
    """Shorten what a transaction spends: that one part of it is spent elsewhere proves that it never comes."""
    return ",".join(spends.split(",")[:SLOTS_KEPT])


def store_coins(env: Environment, blockchain: str, transfers: Iterable[Transfer], matcher: Matcher) -> None:
    """Keep the coins that came in blocks: payouts are made of them. Whether one is spent, the node says then."""
    for transfer in transfers:
        if not transfer.ok or transfer.units <= 0:
            continue
        env.store.commit(put(coin_of(blockchain, transfer, matcher)))


def coin_of(blockchain: str, transfer: Transfer, matcher: Matcher) -> CoinRecord:
    """Return a transfer to us as the coin that it is."""
    owner = matcher.owners.get(transfer.to)
    key_path = f"0/{owner.index}" if owner else HOT_WALLET_PATH
    pk, sk = keys.coin(blockchain, f"{transfer.txid}:{transfer.index}")
    return CoinRecord(pk=pk, sk=sk, units=transfer.units, key_path=key_path)


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
