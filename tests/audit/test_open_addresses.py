"""Coin that a contract sends leaves no log: the balances of open addresses tell of it."""

from random import Random

from chalicelib.audit import workers
from chalicelib.chains.records import StrayDeposit
from chalicelib.operator.command_line import run
from chalicelib.payments.records import AddressPointer
from chalicelib.payouts.records import HotWallet
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put
from tests.support.world import World

ETHER = 10**18


def strays(world: World) -> list[tuple[str, int]]:
    found = world.env.store.query_all(StrayDeposit, keys.stray_deposits())
    return [(one.address, int(one.units)) for one in found]


def plant(world: World, address: str, units: int) -> None:
    """Let coin lie there that no transaction of the chain tells of."""
    world.node._chains["ETH"].book(address, "ETH", units)


def audit(world: World) -> None:
    workers.audit_chains(world.env, Random(1))


def test_coin_without_a_trace_is_listed_with_its_payment_once_two_runs_saw_it(world: World) -> None:
    payment = world.create(currency="ETH")
    plant(world, payment["address"], 3 * ETHER)
    audit(world)
    assert strays(world) == [], "it may be in a block that the scanner has not read"
    plant(world, payment["address"], 2 * ETHER)
    audit(world)
    assert strays(world) == [(payment["address"], 3 * ETHER)]
    audit(world)
    assert strays(world) == [(payment["address"], 5 * ETHER)]
    (shown,) = run(world.env, ["deposits", "stray"])["deposits"]
    assert (shown["payment_id"], shown["token"], shown["txid"]) == (payment["transaction_id"], "ETH", "balance")


def test_what_was_seen_to_come_is_no_surplus_and_takes_a_listed_one_away(world: World) -> None:
    payment = world.create(currency="ETH")
    world.pay(payment, ETHER)
    world.node.mine("ETH")
    audit(world)
    audit(world)
    assert strays(world) == [(payment["address"], ETHER)], "nobody has scanned"
    world.tick("ETH")
    audit(world)
    assert strays(world) == []


def test_an_address_that_we_have_moved_coin_at_tells_nothing(world: World) -> None:
    payment = world.create(currency="ETH")
    plant(world, payment["address"], ETHER)
    index = _index(world, payment["address"])
    pk, sk = keys.hot_wallet("ETH", f"0/{index}")
    world.env.store.commit(put(HotWallet(pk=pk, sk=sk, next_slot=1)))
    audit(world)
    audit(world)
    assert strays(world) == []


def _index(world: World, address: str) -> int:
    found = world.env.store.get(AddressPointer, keys.address("EVM", address))
    assert found is not None
    return found.index
