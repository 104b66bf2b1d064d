"""The gateway itself on the fake TRON node: payments credited, withdrawals paid once, lost ones signed anew."""

import pytest

from chalicelib.chains.networks import TRX
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.ledger.book import read_balance
from chalicelib.ledger.service import fund
from tests.chains.tron_backend import TronBackend
from tests.journeys.conftest import env, receiver, tenant, world
from tests.support.world import Nodes
from tests.withdrawals.accepted import accept, stored

__all__ = ["env", "receiver", "tenant", "world"]

FUNDED, SENT, HELD = 1_000_000_000, 50_000_000, 54_500_000


@pytest.fixture
def chain():
    backend = TronBackend("USDT")
    yield backend
    backend.close()


@pytest.fixture
def nodes(tmp_path, clock, chain):
    made = Nodes(tmp_path, clock)
    made.adapters["TRX"] = chain.adapter
    yield made
    made.close()


@pytest.fixture
def paying(world, tenant, chain):
    hot_wallet = address_of_public_key(TRX, world.env.signers["TRX"].public_key)
    fund(world.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    for token, units in (("USDT", FUNDED), ("TRX", 10**12)):
        chain.hand.fund(hot_wallet, token, units)
    world.settle()
    world.tenant = tenant
    return world


def mine(world, chain, count: int = 1) -> None:
    """Mine blocks, and let the gateway deal with them."""
    chain.mine(count)
    world.tick("TRX")


def silence(world, chain) -> None:
    """Let so long pass without a block that whatever waits expires, and that be solid."""
    chain.node.chain.mine(gap_ms=900_000)
    mine(world, chain, 19)


def available(world) -> tuple[int, int]:
    balance = read_balance(world.env.store, world.tenant.tenant_id, "master", "USDTTRC20")
    return balance.available_units, balance.pending_units


def arrived(chain, record) -> list[int]:
    return [one.units for one in chain.hand.address_transfers(record.address)]


def test_a_payment_in_a_token_is_seen_confirmed_and_credited(world, chain):
    payment = world.create(amount="100", price_currency="USDTTRC20")
    chain.hand.pay(payment["address"], "USDT", 100_000_000)
    mine(world, chain)
    mine(world, chain, 17)
    assert world.status(payment)["status"] == "confirming"
    mine(world, chain)
    assert world.status(payment)["status"] == "completed"


def test_a_payment_is_not_credited_before_its_block_is_solid_however_deep_it_lies(world, chain):
    chain.node.chain.solid_depth = 25
    payment = world.create(amount="100", price_currency="USDTTRC20")
    chain.hand.pay(payment["address"], "USDT", 100_000_000)
    mine(world, chain, 24)
    world.sweep(120)
    assert world.status(payment)["status"] == "confirming"
    mine(world, chain, 2)
    world.sweep(120)
    assert world.status(payment)["status"] == "completed"


def test_a_payment_that_a_reorganisation_takes_away_is_not_credited(world, chain):
    payment = world.create(amount="100", price_currency="USDTTRC20")
    txid = chain.hand.pay(payment["address"], "USDT", 100_000_000)
    mine(world, chain, 5)
    chain.reorg(5, drop=[txid])
    mine(world, chain, 19)
    assert world.status(payment)["status"] == "waiting"
    chain.hand.pay_again(txid)
    mine(world, chain, 19)
    assert world.status(payment)["status"] == "completed"


def test_trx_is_credited_too(world, chain):
    payment = world.create(amount="100", currency="TRX", price_currency="TRX")
    chain.hand.pay(payment["address"], "TRX", 100_000_000)
    mine(world, chain, 19)
    assert world.status(payment)["status"] == "completed"


def test_a_withdrawal_is_signed_sent_and_settled(paying, chain):
    record = accept(paying.env, paying.tenant.tenant_id, SENT)
    paying.settle()
    assert stored(paying.env, record).status == "submitted"
    mine(paying, chain, 21)
    assert stored(paying.env, record).status == "completed"
    assert arrived(chain, record) == [SENT]
    assert available(paying) == (FUNDED - HELD, 0)


def test_one_that_no_block_took_in_time_is_signed_anew_and_paid_once(paying, chain):
    chain.set_payouts("stuck")
    record = accept(paying.env, paying.tenant.tenant_id, SENT)
    paying.settle()
    silence(paying, chain)
    paying.sweep()
    assert len(stored(paying.env, record).attempts) == 2
    chain.set_payouts("ok")
    mine(paying, chain, 21)
    paying.sweep()
    found = stored(paying.env, record)
    assert (found.status, len(found.attempts)) == ("completed", 2)
    assert arrived(chain, record) == [SENT]
    assert available(paying) == (FUNDED - HELD, 0)


def test_one_that_is_merely_lost_is_sent_again_as_it_is(paying, chain):
    record = accept(paying.env, paying.tenant.tenant_id, SENT)
    paying.settle()
    chain.node.chain.pool.clear()
    paying.sweep()
    mine(paying, chain, 21)
    found = stored(paying.env, record)
    assert (found.status, len(found.attempts)) == ("completed", 1)
    assert arrived(chain, record) == [SENT]


def test_one_that_the_contract_undoes_fails_and_gives_the_hold_back(paying, chain):
    chain.set_payouts("revert")
    record = accept(paying.env, paying.tenant.tenant_id, SENT)
    paying.settle()
    mine(paying, chain, 21)
    assert stored(paying.env, record).status == "failed"
    assert available(paying) == (FUNDED, 0)
    assert arrived(chain, record) == []


def test_many_at_once_are_each_paid_once(paying, chain):
    records = [accept(paying.env, paying.tenant.tenant_id, SENT) for _ in range(4)]
    for _ in range(6):
        paying.work(times=2)
        chain.mine(4)
        paying.tick("TRX")
    assert {stored(paying.env, one).status for one in records} == {"completed"}
    assert [arrived(chain, one) for one in records] == [[SENT]] * 4
