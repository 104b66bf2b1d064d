"""Two hundred payouts on real nodes: several workers that die, messages twice, fees too low, reorganisations.

Each withdrawal is paid once, with its exact amount, or never; every slot is spent by one transaction at most.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.ledger.book import read_balance
from chalicelib.ledger.service import differences, fund
from chalicelib.payouts import turns
from chalicelib.payouts.records import CoinBatch, HotWallet
from chalicelib.payouts.rules import STUCK_SECONDS
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.withdrawals import lifecycle
from chalicelib.withdrawals.fees import refresh_fees
from chalicelib.withdrawals.records import WithdrawalRecord
from sandbox.engine import engine
from sandbox.engine.engine import Engine
from tests.engines.conftest import tables
from tests.support.engines import started
from tests.support.world import World
from tests.withdrawals.accepted import accept, stored

pytestmark = pytest.mark.slow
WORKERS, WITHDRAWALS = 4, 200
AT_A_TIME = int(os.environ.get("STORM_AT_A_TIME", "5"))  # fewer make it a longer storm
SEED = 20261123
COINS, COIN_UNITS = 40, 5 * 10**8
DEPTHS = range(1, 4)


@dataclass
class Trouble:
    """What happened, by its name."""

    chance: random.Random
    seen: Counter[str] = field(default_factory=Counter)

    def strikes(self, name: str, probability: float) -> bool:
        struck = self.chance.random() < probability
        self.seen[name] += struck
        return struck


class DyingStore:
    """A store whose process dies before one commit in ten, and after another one before anything else."""

    def __init__(self, store: Any, trouble: Trouble) -> None:
        self._store, self._trouble = store, trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, *writes: Any) -> None:
        if self._trouble.strikes("died before a commit", 0.08):
            raise StorageUnavailableError("the process died")
        self._store.commit(*writes)
        if self._trouble.strikes("died after a commit", 0.08):
            raise StorageUnavailableError("the process died")


class DyingChain:
    """An adapter whose broadcasts are lost on the way there, or whose answers are lost on the way back."""

    def __init__(self, adapter: Any, trouble: Trouble) -> None:
        self._adapter, self._trouble = adapter, trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def broadcast(self, raw: bytes) -> None:
        if self._trouble.strikes("broadcast lost", 0.1):
            raise ChainUnavailableError("nothing arrived")
        self._adapter.broadcast(raw)
        if self._trouble.strikes("answer lost", 0.1):
            raise ChainUnavailableError("the answer was lost")


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = started(engine.ENGINES[0], tmp_path_factory.mktemp("ministack"))
    yield made
    made.stop()


@dataclass
class Storm:
    """One chain, one currency, a merchant with money, a stocked hot wallet."""

    world: World
    blockchain: str
    currency: str
    trouble: Trouble
    mortal: Environment

    @property
    def node(self) -> Any:
        return self.world.node

    def one_turn(self, _: int = 0) -> None:
        with suppress(StorageUnavailableError, ConflictError):
            turns.turn(self.mortal, self.blockchain)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.world.mine(self.blockchain)

    def disturb(self) -> None:
        """Let a block come or go, some payouts be dropped, fees be too low for a while, or payouts revert."""
        chance = self.trouble.chance
        outcomes = ["ok", "ok", "ok", "stuck"] + ["revert"] * (self.blockchain == "ETH")
        self.node.set_payouts(self.blockchain, outcome := chance.choice(outcomes))
        self.trouble.seen[outcome] += 1
        self.node.mine(self.blockchain)
        if self.trouble.strikes("reorganisation", 0.25):
            depth = chance.choice(DEPTHS)
            self.node.reorg(self.blockchain, depth, self.dropped(depth))
        self.world.clock.advance(chance.choice([1, 60, STUCK_SECONDS]))

    def dropped(self, depth: int) -> list[str]:
        """Return some of the payouts in the blocks that go, none of which another one there depends on."""
        above = self.node.height(self.blockchain) - depth
        views = self.node.address_transfers(self.blockchain, self.address)
        there = sorted({one.txid for one in views if one.height is not None and one.height > above})
        return [txid for txid in there if self.trouble.strikes("dropped", 0.5)]

    @property
    def address(self) -> str:
        return str(self.node._hot_wallets[self.blockchain])

    def paid(self, record: WithdrawalRecord) -> list[int]:
        views = self.node.address_transfers(self.blockchain, record.address)
        return [view.units for view in views if view.direction == "in" and view.height is not None]


def storm_over(world: World, blockchain: str, currency: str, funded: int) -> Storm:
    trouble = Trouble(random.Random(SEED))
    env = world.env
    chains = {**env.chains, blockchain: DyingChain(env.chains[blockchain], trouble)}
    mortal = replace(env, store=DyingStore(env.store, trouble), chains=chains)  # type: ignore[arg-type]
    fund(env, world.tenant.tenant_id, currency, funded)
    world.settle()
    return Storm(world, blockchain, currency, trouble, mortal)


def rage(storm: Storm, least_units: int, at_a_time: int = AT_A_TIME) -> list[WithdrawalRecord]:
    """Accept withdrawals, a few at a time, and let four workers deal with them in the middle of it all."""
    world, records = storm.world, []
    with ThreadPoolExecutor(WORKERS) as pool:
        while len(records) < WITHDRAWALS:
            for _ in range(at_a_time):
                units = least_units + len(records)
                records.append(accept(world.env, world.tenant.tenant_id, units, storm.currency))
            storm.disturb()
            refresh_prices(world.env)
            refresh_fees(world.env)
            list(pool.map(storm.one_turn, range(WORKERS)))
            world.tick(storm.blockchain)
    return records


def calm(storm: Storm, records: list[WithdrawalRecord]) -> list[WithdrawalRecord]:
    """Let everything come to its end."""
    storm.node.set_payouts(storm.blockchain, "ok")
    for _ in range(12):
        storm.world.sweep(STUCK_SECONDS)
        storm.mine(8)
        ends = [stored(storm.world.env, record) for record in records]
        if all(lifecycle.is_final(end.status) for end in ends):
            return ends
    raise AssertionError(Counter(end.status for end in ends))


def check(storm: Storm, ends: list[WithdrawalRecord]) -> None:
    for end in ends:
        assert storm.paid(end) == ([end.amount] if end.status == "completed" else []), (end.sk, end.status)
    world, code = storm.world, storm.currency
    world.settle()
    assert differences(world.env, world.tenant.tenant_id) == []
    assert read_balance(world.env.store, world.tenant.tenant_id, "master", code).pending_units == 0
    attempts = Counter(len(end.attempts) for end in ends)
    print(f"{storm.blockchain}: {Counter(end.status for end in ends)}, attempts {attempts}, {storm.trouble.seen}")


def test_200_payouts_of_a_token_on_anvil(ministack: Engine, tmp_path: Path) -> None:
    with tables(ministack, "storm-eth", tmp_path, real=["ETH"]) as world:
        for token in ("USDT", "ETH"):
            world.node.fund_hot_wallet("ETH", token, 10**21)
        world.mine("ETH", max(DEPTHS))
        storm = storm_over(world, "ETH", "USDTERC20", 10**12)
        ends = calm(storm, rage(storm, 20_000_000))
        check(storm, ends)
        wallet = world.env.store.get(HotWallet, keys.hot_wallet("ETH"))
        assert wallet is not None
        assert sorted(end.slot for end in ends) == list(range(wallet.next_slot)), "a nonce for each, and no gap"
        assert world.env.chains["ETH"].next_slot(storm.address) == wallet.next_slot, "the chain has used them all"
        assert {"completed", "failed"} == {end.status for end in ends}
        assert max(len(end.attempts) for end in ends) > 1, "some were replaced"


@pytest.mark.parametrize("blockchain", ["LTC", "BTC"])
def test_200_payouts_of_coins(ministack: Engine, tmp_path: Path, blockchain: str) -> None:
    with tables(ministack, f"storm-{blockchain.lower()}", tmp_path, real=[blockchain]) as world:
        world.tick(blockchain)
        for _ in range(COINS):
            world.node.fund_hot_wallet(blockchain, blockchain, COIN_UNITS)
        world.mine(blockchain, 6)
        storm = storm_over(world, blockchain, blockchain, 10**12)
        ends = calm(storm, rage(storm, 1_000_000, 2 * AT_A_TIME))
        check(storm, ends)
        assert {end.status for end in ends} == {"completed"}
        batches = list(world.env.store.query_all(CoinBatch, keys.coin_batches(blockchain)))
        taken = Counter(outpoint for batch in batches for outpoint, _, _ in batch.coins)
        assert max(taken.values()) == 1, "no coin is in two batches"
        assert sorted(sk for batch in batches for _, sk in batch.payouts) == sorted(end.sk for end in ends)
        tried = sum(len(batch.attempts) + len(batch.children) for batch in batches)
        assert tried > len(batches), "some were made dearer"
        if blockchain == "BTC":
            assert any(end.mined for end in ends), "and what replaced them was mined"
        print(f"{blockchain}: {len(batches)} batches, {tried} transactions signed for them")
