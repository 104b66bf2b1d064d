"""What the scanner keeps: how far it came, and what it saw for us in which block."""

import hashlib
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Record


class ChainCursor(Record):
    """How far one chain has been read, and by whom it is being read now.

    Attributes:
        next_height: the first block not read yet.
        hashes: of the blocks read last, oldest first, shortened.
        gave_up_from: the first block of a reorganisation that is being worked off, until all is read again.
        lease_until: Unix milliseconds; one reader at a time.
        lease_owner: who has the lease.
    """

    next_height = IntegerAttribute()
    hashes = CompactJsonAttribute()
    gave_up_from = OptionalIntegerAttribute()
    lease_until = IntegerAttribute()
    lease_owner = UnicodeAttribute()

    def remembers(self, height: int, block_hash: str | None) -> bool | None:
        """Say whether that is the block that was read at this height; None where its hash is not kept any more."""
        place = height - self.next_height + len(self.hashes)
        return bool(self.hashes[place] == short_hash(block_hash)) if 0 <= place < len(self.hashes) else None


def short_hash(block_hash: str | None) -> str:
    """Shorten a hash: they must all fit the cursor, and 48 bits of each tell blocks at one height apart."""
    return hashlib.sha256((block_hash or "").encode()).hexdigest()[:12]


class FailedRanges(Record):
    """The ranges of blocks in which a scan failed, ``[first, last]``, until the audit has read them once more."""

    ranges = CompactJsonAttribute()


class ChainHeads(Record):
    """The height of every chain as read last."""

    TRX = IntegerAttribute(null=True)
    ETH = IntegerAttribute(null=True)
    BSC = IntegerAttribute(null=True)
    ARB = IntegerAttribute(null=True)
    MATIC = IntegerAttribute(null=True)
    BTC = IntegerAttribute(null=True)
    LTC = IntegerAttribute(null=True)

    def height_of(self, blockchain: str) -> int:
        """Return a chain's height; 0 before it was read for the first time."""
        return getattr(self, blockchain) or 0


class BlockRecord(Record):
    """What was seen for us in one block. It stays: a reorg looks it up, and the sweep works it off.

    Attributes:
        height: the block's height.
        block_hash: its hash.
        sightings: what was seen, as the deposit workers are told it.
        lost_at: Unix seconds when the chain gave the block up, or none.
    """

    height = IntegerAttribute(attr_name="h")
    block_hash = UnicodeAttribute(attr_name="b")
    sightings = CompactJsonAttribute(attr_name="s")
    seen_at = IntegerAttribute(attr_name="at")
    lost_at = OptionalIntegerAttribute(attr_name="x")


class MempoolRecord(Record):
    """What was seen for us outside any block; it goes when it is mined or cannot be any more."""

    sighting = CompactJsonAttribute(attr_name="s")
    seen_at = IntegerAttribute(attr_name="at")


class DepositSweepCursor(Record):
    """Below which height all that was seen for us on a chain is done and told; a reorganisation lowers it.

    Reorganisations are counted, also those that need not lower it: none may happen beside a sweep that moves it.
    """

    from_height = IntegerAttribute(default=0)
    reorganisations = IntegerAttribute(default=0)


class StrayDeposit(Record):
    """Money that arrived at an address of ours in a token that no catalogue currency names."""

    blockchain = UnicodeAttribute()
    token = UnicodeAttribute()
    units = UnicodeAttribute()
    address = UnicodeAttribute()
    txid = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    payment_id = UnicodeAttribute()
    seen_at = IntegerAttribute()


class CoinRecord(Record):
    """A coin that was paid to us, where money lies in coins: what payouts are made of.

    Attributes:
        units: what it is worth, in smallest units.
        key_path: the key that it pays to, below the account.
    """

    units = IntegerAttribute(attr_name="u")
    key_path = UnicodeAttribute(attr_name="k")


Sighted = dict[str, Any]
"""A sighting as a message: blockchain, txid, index, currency, units, height, block_hash, whose, and when seen."""
