"""A deposit that was in the mempool is mined without doing what it was for: its payment is not left so."""

from chalicelib.chains.adapter import Payout
from chalicelib.chains.records import MempoolRecord
from chalicelib.storage import keys
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books, statuses
from tests.support.world import World

PAID = 100_000_000


def paid_by_an_account(world: World, address: str) -> str:
    """Someone pays as accounts do, whose transactions may be reverted; the hot wallet plays him."""
    sender = world.node.fund_hot_wallet("TRX", "USDT", PAID)
    world.node.fund_hot_wallet("TRX", "TRX", 10**12)
    adapter = world.nodes.adapters["TRX"]
    payout = Payout(sender, address, "USDT", PAID)
    signed = adapter.sign(adapter.build(payout, "0", adapter.estimate(payout)), world.env.signers["TRX"])
    adapter.broadcast(signed.raw)
    return signed.txid


def test_its_payment_fails(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    paid_by_an_account(world, payment["address"])
    world.tick()
    assert world.status(payment)["status"] == "confirming"
    world.node.set_payouts("TRX", "revert")
    world.mine()
    assert world.status(payment)["status"] == "failed"
    assert statuses(world, tenant) == ["confirming", "failed"]
    assert list(world.env.store.query_all(MempoolRecord, keys.mempool("TRX"))) == []
    world.mine(count=20)
    assert books(world, tenant) == {}


def test_one_that_works_is_left_to_its_block(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    paid_by_an_account(world, payment["address"])
    world.tick()
    world.mine(count=20)
    assert world.status(payment)["status"] == "completed"
    assert statuses(world, tenant) == ["confirming", "completed"]
    assert list(world.env.store.query_all(MempoolRecord, keys.mempool("TRX"))) == []
