"""What came to our addresses by the scanner's records: what may not be booked yet, and where it lies."""

from collections import defaultdict
from dataclasses import dataclass, field

from chalicelib import money
from chalicelib.chains.records import BlockRecord, DepositSweepCursor, Sighted
from chalicelib.environment import Environment
from chalicelib.payments.deposits import deposit_identity
from chalicelib.storage import keys


@dataclass(frozen=True, slots=True)
class Arrival:
    """A deposit that may not be booked yet, or not be taken back yet.

    Attributes:
        deposit_id: its identity.
        code: its currency.
        units: what arrived.
        height: the block's height.
        is_live: whether the chain has it still.
    """

    deposit_id: str
    code: str
    units: int
    height: int
    is_live: bool


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What was read of one blockchain's block records.

    Attributes:
        open: by identity, the deposits that the deposit workers may not be done with, dust included.
        lying: payment (merchant, id) to the units of each token that came to its address, of those that no
            sweep has taken note of.
        blocks: how many records were read.
    """

    open: dict[str, Arrival] = field(default_factory=dict)
    lying: dict[tuple[str, str], dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    blocks: list[int] = field(default_factory=lambda: [0])


def read(env: Environment, blockchain: str) -> Arrivals:
    """Read all of a blockchain's block records.

    Raises:
        StorageUnavailableError: the table does not answer.
    """
    told_below, collected_below = (_done_below(env, f"{name}#{blockchain}") for name in ("deposits", "accounts"))
    arrivals = Arrivals()
    for block in env.store.query_all(BlockRecord, keys.blocks(blockchain)):
        arrivals.blocks[0] += 1
        is_live = block.lost_at is None
        for sighted in block.sightings:
            if block.height >= told_below or (is_live and _is_dust(env, sighted)):
                _note(arrivals, _arrival(sighted, block.height, is_live))
            if is_live and block.height >= collected_below:
                token = env.catalogue.by_code(sighted["currency"]).token
                arrivals.lying[sighted["tenant_id"], sighted["payment_id"]][token] += int(sighted["units"])
    return arrivals


def _note(arrivals: Arrivals, arrival: Arrival) -> None:
    """Keep a deposit once: one that a reorganisation moved to another block is there, whatever was lost."""
    known = arrivals.open.get(arrival.deposit_id)
    if known is None or not known.is_live:
        arrivals.open[arrival.deposit_id] = arrival


def _arrival(sighted: Sighted, height: int, is_live: bool) -> Arrival:
    deposit_id = deposit_identity(sighted["blockchain"], sighted["txid"], sighted["index"])
    return Arrival(deposit_id, sighted["currency"], int(sighted["units"]), height, is_live)


def _is_dust(env: Environment, sighted: Sighted) -> bool:
    """Whether it is so little that it may wait for more for ever: see the payments' own deposits."""
    currency = env.catalogue.by_code(sighted["currency"])
    return int(sighted["units"]) < max(currency.dust_units, money.quantum(currency.decimals))


def _done_below(env: Environment, name: str) -> int:
    cursor = env.store.get(DepositSweepCursor, keys.sweep(name))
    return cursor.from_height if cursor else 0
