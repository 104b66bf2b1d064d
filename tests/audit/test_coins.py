"""The same audit where money lies in coins: a fake litecoind with true blocks, and payouts in batches."""

from random import Random

import pytest

from chalicelib import environment
from chalicelib.audit import custody, rescan
from chalicelib.audit.report import Row
from chalicelib.chains.adapter import HOT_WALLET_PATH
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.records import CoinRecord
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.reading import read_many
from chalicelib.chains.utxo.script import script_of
from chalicelib.chains.workers import scan_chain
from chalicelib.environment import Environment
from chalicelib.ledger.service import fund
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete
from chalicelib.tenants.service import NewTenant
from tests.audit.conftest import nodes
from tests.chains.utxo.fake_chain import FakeChain, transaction, txid_of
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.world import HeldQueues, Nodes, World
from tests.withdrawals.accepted import accept, stored

__all__ = ["nodes"]

LITECOIN = 10**8
DEPTH = 8


@pytest.fixture
def litecoind() -> FakeChain:
    made = FakeChain()
    for _ in range(3):
        made.mine()
    return made


@pytest.fixture
def env(aws: Aws, clock: FakeClock, nodes: Nodes, litecoind: FakeChain) -> Environment:
    settings = make_settings()
    wired = make_settings(
        hot_wallet_keys={name: key for name, key in (settings.hot_wallet_keys or {}).items() if name != "LTC"}
    )
    chains = {**nodes.adapters, "LTC": UtxoAdapter("LTC", litecoind)}
    made = make_environment(aws, clock, wired, chains=chains, queues=HeldQueues(aws.queues, clock))
    environment.provide(lambda: made)
    return made


@pytest.fixture
def ltc(env: Environment, aws: Aws, clock: FakeClock, nodes: Nodes, client: ApiClient) -> World:
    made = World(env, aws, clock, nodes, client)
    list(rescan.rescan(env, "LTC", Random(1)))
    return made


def pay(litecoind: FakeChain, address: str, units: int) -> str:
    """Let a stranger pay, out of the newest block's new coins, in the next block."""
    made, _ = read_many(litecoind.active[-1], 80)
    raw = transaction([f"{made[0].txid}:0"], [(units, script_of(address, "LTC"))])
    litecoind.mine(raw)
    return txid_of(raw)


def mine(world: World, litecoind: FakeChain, blocks: int = DEPTH) -> None:
    for _ in range(blocks):
        litecoind.mine(*litecoind.pool)
        scan_chain(world.env, "LTC")
        world.settle()


def row(world: World) -> Row:
    report = custody.compare(world.env, Random(1))
    (chain,) = [one for one in report.chains if one.blockchain == "LTC"]
    assert chain.unchecked is None
    (found,) = chain.rows
    return found


def figures(world: World) -> tuple[int, int, int, int, int]:
    found = row(world)
    flights = found.in_flight_in_units, found.in_flight_out_units
    return found.custody_units, found.on_chain_units, *flights, found.difference_units


def hot_wallet(world: World) -> str:
    return address_at("LTC", world.env.settings.deposit_xpubs["LTC"], HOT_WALLET_PATH)


def test_a_deposit_is_a_coin_in_flight_and_then_in_custody(ltc: World, litecoind: FakeChain) -> None:
    payment = ltc.create(currency="LTC")
    pay(litecoind, payment["address"], LITECOIN)
    scan_chain(ltc.env, "LTC")
    ltc.settle()
    assert figures(ltc)[-1] == 0, "what is not six deep may be neither ours to spend nor counted as on its way"
    mine(ltc, litecoind)
    assert figures(ltc) == (LITECOIN, LITECOIN, 0, 0, 0)


def test_a_batch_of_payouts_is_followed_to_its_settlement_by_the_unit(
    ltc: World, litecoind: FakeChain, tenant: NewTenant
) -> None:
    pay(litecoind, hot_wallet(ltc), 5 * LITECOIN)
    mine(ltc, litecoind)
    fund(ltc.env, tenant.tenant_id, "LTC", 5 * LITECOIN)
    assert figures(ltc) == (5 * LITECOIN, 5 * LITECOIN, 0, 0, 0)
    paid = [accept(ltc.env, tenant.tenant_id, LITECOIN, "LTC") for _ in range(2)]
    ltc.settle()
    assert figures(ltc)[-1] == 0, "it waits for a block"
    litecoind.mine(*litecoind.pool)
    found = row(ltc)
    gas_units = 3 * LITECOIN - found.on_chain_units
    assert gas_units > 0
    assert (found.custody_units, found.in_flight_out_units, found.difference_units) == (
        5 * LITECOIN,
        2 * LITECOIN + gas_units,
        0,
    ), "the change counts although the scanner has not seen it"
    mine(ltc, litecoind)
    assert [stored(ltc.env, one).status for one in paid] == ["completed"] * 2
    assert figures(ltc) == (3 * LITECOIN - gas_units, 3 * LITECOIN - gas_units, 0, 0, 0)


def test_a_coin_that_someone_else_spent_is_missing_by_its_exact_worth(ltc: World, litecoind: FakeChain) -> None:
    payments = [ltc.create(currency="LTC") for _ in range(2)]
    first, _ = (pay(litecoind, one["address"], LITECOIN + place) for place, one in enumerate(payments))
    mine(ltc, litecoind)
    thief = transaction([f"{first}:0"], [(LITECOIN - 500, b"\x00\x14" + bytes(20))])
    litecoind.mine(thief)
    scan_chain(ltc.env, "LTC")
    assert figures(ltc) == (2 * LITECOIN + 1, LITECOIN + 1, 0, 0, -LITECOIN)


def test_a_coin_that_was_not_kept_is_found_and_kept(ltc: World, litecoind: FakeChain) -> None:
    txid = pay(litecoind, hot_wallet(ltc), LITECOIN)
    spent = pay(litecoind, hot_wallet(ltc), 7)
    litecoind.mine(transaction([f"{spent}:0"], [(6, b"\x00\x14" + bytes(20))]))
    mine(ltc, litecoind, 2 * DEPTH)
    for outpoint in (f"{txid}:0", f"{spent}:0"):
        ltc.env.store.commit(delete(keys.coin("LTC", outpoint)))
    (found,) = rescan.rescan(ltc.env, "LTC", Random(1))
    assert (found.kind, found.txid, found.units) == ("coin", txid, LITECOIN)
    kept = ltc.env.store.get(CoinRecord, keys.coin("LTC", f"{txid}:0"))
    assert kept is not None
    assert (kept.units, kept.key_path) == (LITECOIN, HOT_WALLET_PATH)
    assert list(rescan.rescan(ltc.env, "LTC", Random(1))) == []
