"""Payouts by many workers at once, with crashes, duplicates, reorganisations: each is paid once, or never."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.environment import Environment
from chalicelib.ledger.book import read_balance
from chalicelib.ledger.service import differences, fund
from chalicelib.payouts import turns
from chalicelib.payouts.records import HotWallet
from chalicelib.payouts.rules import STUCK_SECONDS
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import changes, lifecycle
from chalicelib.withdrawals.lifecycle import TransitionError
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.journeys.books import statuses
from tests.support.restless import restless_signers
from tests.support.world import World
from tests.withdrawals.accepted import accept, stored

pytestmark = pytest.mark.slow
WORKERS, WITHDRAWALS, ROUNDS = 4, 24, 40
FUNDED = 10**10
SEED = 20


class Dying:
    """A store whose process dies around one commit in five: before it, or after it and before anything else."""

    def __init__(self, store: Any, chance: random.Random) -> None:
        self._store, self._chance = store, chance
        self.deaths = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, *writes: Any) -> None:
        fate = self._chance.random()
        if fate < 0.1:
            self._die()
        self._store.commit(*writes)
        if fate > 0.9:
            self._die()

    def _die(self) -> None:
        self.deaths += 1
        raise StorageUnavailableError("the process died")


@pytest.fixture
def paying(world: World, tenant: NewTenant) -> World:
    signers = restless_signers(dict(world.env.settings.hot_wallet_keys or {}))
    world.env = replace(world.env, signers=signers)
    fund(world.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    for token in ("USDT", "TRX"):
        world.node.fund_hot_wallet("TRX", token, 10**12)
    world.settle()
    return world


def one_turn(env: Environment) -> None:
    with suppress(StorageUnavailableError, ConflictError):
        turns.turn(env, "TRX")


def take_back(env: Environment, record: WithdrawalRecord) -> None:
    with suppress(StorageUnavailableError, ConflictError, TransitionError):
        found = stored(env, record)
        changes.end(env, found, lifecycle.cancel(found.status, found.version, int(env.clock.now() * 1000)))


def paid(world: World, record: WithdrawalRecord) -> list[int]:
    views = world.node.address_transfers("TRX", record.address)
    return [view.units for view in views if view.direction == "in" and view.height is not None]


def test_a_cancellation_and_a_signature_exclude_each_other(paying: World, tenant: NewTenant) -> None:
    for _ in range(8):
        record = accept(paying.env, tenant.tenant_id, 5_000_000)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(
                pool.map(
                    lambda work, one=record: work(one), [lambda _: one_turn(paying.env), cancelling(paying)] * 2
                )
            )
        paying.mine(count=1)
        status = stored(paying.env, record).status
        assert status in {"cancelled", "submitted"}
        assert paid(paying, record) == ([] if status == "cancelled" else [5_000_000])
    paying.mine(count=19)
    settled_books(paying, tenant)


def cancelling(world: World) -> Any:
    return lambda record: take_back(world.env, record)


def test_workers_at_once_that_die_pay_each_withdrawal_once(paying: World, tenant: NewTenant) -> None:
    chance = random.Random(SEED)
    whole = paying.env
    dying = Dying(whole.store, chance)
    mortal = replace(whole, store=dying)  # type: ignore[arg-type]
    records: list[WithdrawalRecord] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(ROUNDS):
            if number < WITHDRAWALS:
                records.append(accept(whole, tenant.tenant_id, 1_000_000 + number))
            disturb(paying, chance)
            if chance.random() < 0.3:
                pool.submit(take_back, mortal, records[-1])
            list(pool.map(one_turn, [mortal] * WORKERS))
    paying.node.set_payouts("TRX", "ok")
    for _ in range(3):
        paying.sweep(STUCK_SECONDS)
        paying.mine(count=20)
    ends = [stored(whole, record) for record in records]
    assert all(lifecycle.is_final(end.status) for end in ends)
    for end in ends:
        assert paid(paying, end) == ([end.amount] if end.status == "completed" else []), end.status
    slots = sorted(end.slot for end in ends if end.slot is not None)
    wallet = whole.store.get(HotWallet, keys.hot_wallet("TRX"))
    assert wallet is not None
    assert slots == list(range(wallet.next_slot)), "every slot belongs to one withdrawal"
    assert dying.deaths >= ROUNDS / 4, "processes did die"
    assert {"completed", "cancelled"} <= {end.status for end in ends}, "the story has both ends"
    settled_books(paying, tenant)


def disturb(world: World, chance: random.Random) -> None:
    """Let a block come, or go, or a payout be dropped; let fees be too low for a while, or payouts revert."""
    world.node.set_payouts("TRX", chance.choice(["ok", "ok", "ok", "stuck", "revert"]))
    world.node.mine("TRX")
    if chance.random() < 0.2:
        depth = chance.randint(1, min(5, world.node.height("TRX")))
        world.node.reorg("TRX", depth, dropped(world, chance, depth))
    world.clock.advance(chance.choice([1, 60, STUCK_SECONDS]))


def dropped(world: World, chance: random.Random, depth: int) -> list[str]:
    """Return some of the payouts in the blocks that go."""
    above = world.node.height("TRX") - depth
    address = world.node.fund_hot_wallet("TRX", "TRX", 0)
    views = world.node.address_transfers("TRX", address)
    there = {view.txid for view in views if view.height is not None and view.height > above}
    return [txid for txid in sorted(there) if chance.random() < 0.5]


def settled_books(world: World, tenant: NewTenant) -> None:
    world.settle()
    assert differences(world.env, tenant.tenant_id) == []
    assert read_balance(world.env.store, tenant.tenant_id, "master", "USDTTRC20").pending_units == 0
    assert statuses(world, tenant)
