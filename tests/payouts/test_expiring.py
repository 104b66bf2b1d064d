"""Payouts on a chain where only time makes one impossible: on the fake TRON node, behind the real adapter."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.chains.workers import scan_chain
from chalicelib.environment import Environment
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.chains.tron_backend import TronBackend
from tests.journeys.books import books
from tests.payouts.steps_of_payouts import FUNDED, HELD, SENT, available, put
from tests.support.world import World
from tests.withdrawals.accepted import accept, stored

EXPIRED_AND_SOLID_BLOCKS = 10 * 60 // 3 + 25


@pytest.fixture
def tron() -> Iterator[TronBackend]:
    backend = TronBackend("USDT")
    yield backend
    backend.close()


@pytest.fixture
def paying_on_tron(paying: World, tron: TronBackend) -> World:
    chains = {**paying.env.chains, "TRX": tron.adapter}
    signers = {**paying.env.signers, "TRX": tron.signer}
    paying.env = with_chains(paying.env, chains, signers)
    scan_chain(paying.env, "TRX")
    return paying


def with_chains(env: Environment, chains: object, signers: object) -> Environment:
    return replace(env, chains=chains, signers=signers)  # type: ignore[arg-type]


def go_on(world: World, tron: TronBackend, blocks: int) -> None:
    tron.mine(blocks)
    world.tick()


def arrived(tron: TronBackend, record: WithdrawalRecord) -> list[int]:
    return [view.units for view in tron.hand.address_transfers(record.address)]


def test_a_payout_is_sent_confirmed_and_settled(
    paying_on_tron: World, tron: TronBackend, tenant: NewTenant
) -> None:
    record = put(paying_on_tron)
    paying_on_tron.settle()
    assert stored(paying_on_tron.env, record).status == "submitted"
    go_on(paying_on_tron, tron, 25)
    found = stored(paying_on_tron.env, record)
    assert (found.status, len(found.attempts)) == ("completed", 1)
    assert arrived(tron, record) == [SENT]
    assert available(paying_on_tron) == (FUNDED - HELD, 0)
    took = found.gas[1]
    assert books(paying_on_tron, tenant, "TRX") == {"custody": -took, "network_expense": took}


def test_what_expired_for_good_is_signed_anew_and_paid_once(paying_on_tron: World, tron: TronBackend) -> None:
    tron.set_payouts("stuck")
    record = put(paying_on_tron)
    paying_on_tron.settle()
    go_on(paying_on_tron, tron, EXPIRED_AND_SOLID_BLOCKS // 2)
    assert len(stored(paying_on_tron.env, record).attempts) == 1, "it may still be mined"
    go_on(paying_on_tron, tron, EXPIRED_AND_SOLID_BLOCKS // 2 + 1)
    again = stored(paying_on_tron.env, record)
    assert len({attempt.txid for attempt in again.attempts}) == len(again.attempts) == 2
    assert again.status == "submitted"
    tron.set_payouts("ok")
    go_on(paying_on_tron, tron, 1)
    go_on(paying_on_tron, tron, 25)
    assert stored(paying_on_tron.env, record).status == "completed"
    assert arrived(tron, record) == [SENT]


def test_a_payout_that_runs_out_of_energy_fails_once_that_is_solid(
    paying_on_tron: World, tron: TronBackend
) -> None:
    tron.set_payouts("revert")
    record = put(paying_on_tron)
    paying_on_tron.settle()
    go_on(paying_on_tron, tron, 25)
    assert stored(paying_on_tron.env, record).status == "failed"
    assert available(paying_on_tron) == (FUNDED, 0)


def test_two_that_pay_the_same_to_the_same_are_both_paid(paying_on_tron: World, tron: TronBackend) -> None:
    one = put(paying_on_tron)
    tenant_id = paying_on_tron.tenant.tenant_id
    other = accept(paying_on_tron.env, tenant_id, SENT, address=one.address)
    paying_on_tron.settle()
    go_on(paying_on_tron, tron, 25)
    ends = [stored(paying_on_tron.env, each) for each in (one, other)]
    assert [end.status for end in ends] == ["completed"] * 2
    assert ends[0].attempts[0].txid != ends[1].attempts[0].txid
    assert arrived(tron, one) == [SENT, SENT]
