"""What tests of payouts do and look at, on TRX."""

from chalicelib.ledger.book import read_balance
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.support.world import World
from tests.withdrawals.accepted import accept

FUNDED, SENT, HELD = 1_000_000_000, 50_000_000, 54_500_000
GAS = 14_000_000


def arrived(world: World, record: WithdrawalRecord) -> list[int]:
    """Return what came to a withdrawal's address, in blocks and in the mempool."""
    return [one.units for one in world.node.address_transfers("TRX", record.address)]


def available(world: World) -> tuple[int, int]:
    balance = read_balance(world.env.store, world.tenant.tenant_id, "master", "USDTTRC20")
    return balance.available_units, balance.pending_units


def put(world: World) -> WithdrawalRecord:
    return accept(world.env, world.tenant.tenant_id, SENT)
