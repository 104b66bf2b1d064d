"""One arrival of money at an address of ours: what was sighted, and what became of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib import money


class DepositState(StrEnum):
    """What became of a deposit; the value is what the payment's history shows."""

    SEEN = "confirming"
    DUST = "dust"
    CREDITED = "credited"
    REVERSED = "reversed"
    ORPHANED = "orphaned"
    DOUBLE_SPENT = "double_spent"


OPEN_STATES = frozenset({DepositState.SEEN, DepositState.DUST})
LIVE_STATES = frozenset({DepositState.SEEN, DepositState.CREDITED})
LOST_STATES = frozenset({DepositState.REVERSED, DepositState.ORPHANED, DepositState.DOUBLE_SPENT})


def split(units: int, decimals: int) -> tuple[int, int]:
    """Part on-chain units into what the API can show and the dust below it, which goes to the platform."""
    remainder = units % money.quantum(decimals)
    return units - remainder, remainder


def deposit_identity(blockchain: str, txid: str, index: int) -> str:
    """Return the name of a deposit: a chain has one output of that number in that transaction, for ever."""
    return f"{blockchain}:{txid}:{index}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Money seen on its way to an address of ours, in the mempool or in a block.

    Attributes:
        blockchain: short code of the chain it was seen on.
        txid: the transaction's hash.
        index: the output (or log) within the transaction.
        currency: catalogue code of what arrived.
        decimals: that currency's decimals.
        dust_bound_units: a deposit below this is recorded and waits for more.
        units: what arrived, in that currency's smallest units.
        height: the block's height, None in the mempool.
        block_hash: the block's hash, None in the mempool.
        seen_at: when this sighting was made, Unix seconds.
        spends: what its transaction spends, where the chain tells it: by that it can be seen to be impossible.
    """

    blockchain: str
    txid: str
    index: int
    currency: str
    decimals: int
    dust_bound_units: int
    units: int
    height: int | None
    block_hash: str | None
    seen_at: float
    spends: str | None = None

    @property
    def deposit_id(self) -> str:
        """The identity of the deposit that was sighted."""
        return deposit_identity(self.blockchain, self.txid, self.index)

    @property
    def is_dust(self) -> bool:
        """Whether it is too little to count alone: under the bound, or less than the API can show."""
        return self.units < max(self.dust_bound_units, money.quantum(self.decimals))


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit as its payment knows it.

    Attributes:
        blockchain: short code of its chain.
        txid: its transaction's hash.
        index: the output (or log) within the transaction.
        currency: catalogue code of what arrived.
        decimals: that currency's decimals.
        units: what arrived on the chain, in that currency's smallest units.
        counted_units: its worth against the amount due, in the payment's units; 0 in another currency.
        state: what became of it.
        first_seen_at: when it was admitted first, Unix seconds.
        is_late: whether that was after the payment's expiry.
        height: its block's height, None in the mempool.
        block_hash: its block's hash, None in the mempool.
        round: 1, and one more each time it is mined again after a reversal.
        credited_units: what the merchant got for it in this round, in its own currency.
        closed_at: when it was credited or lost, Unix seconds; None while it is open.
    """

    blockchain: str
    txid: str
    index: int
    currency: str
    decimals: int
    units: int
    counted_units: int
    state: DepositState
    first_seen_at: float
    is_late: bool
    height: int | None = None
    block_hash: str | None = None
    round: int = 1
    credited_units: int = 0
    closed_at: float | None = None

    @property
    def deposit_id(self) -> str:
        """Its identity for ever: chain, transaction, output."""
        return deposit_identity(self.blockchain, self.txid, self.index)

    @property
    def movement_id(self) -> str:
        """The ledger's identity of its credit: a fresh one for each round, so that none is booked twice."""
        return f"{self.deposit_id}:{self.round}"

    @property
    def whole_units(self) -> int:
        """The part of it that the API can show."""
        return split(self.units, self.decimals)[0]

    @property
    def remainder_units(self) -> int:
        """The part below that, which goes to the platform's dust account when it is credited."""
        return split(self.units, self.decimals)[1]

    @property
    def is_open(self) -> bool:
        """Whether it may still be credited without being seen again."""
        return self.state in OPEN_STATES

    @property
    def is_live(self) -> bool:
        """Whether its payment reckons with it: seen or credited, and neither dust nor lost."""
        return self.state in LIVE_STATES

    @property
    def is_lost(self) -> bool:
        """Whether the chain took it away; it may still be mined again."""
        return self.state in LOST_STATES

    def is_in_block_of(self, sighting: Sighting) -> bool:
        """Whether a sighting tells of the very block that is known already."""
        return (self.height, self.block_hash) == (sighting.height, sighting.block_hash)

    def closed(self, state: DepositState, now: float, credited_units: int = 0) -> "Deposit":
        """Return it as credited or lost at that moment."""
        return replace(self, state=state, closed_at=now, credited_units=credited_units)
