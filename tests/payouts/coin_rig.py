"""A gateway whose Litecoin or Bitcoin lies on a fake node with true blocks: for what real nodes seldom do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from chalicelib import environment
from chalicelib.chains.adapter import HOT_WALLET_PATH
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.records import CoinRecord
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.reading import read_alone, read_many
from chalicelib.chains.utxo.script import script_of
from chalicelib.chains.workers import scan_chain
from chalicelib.ledger.service import fund
from chalicelib.payouts import rules
from chalicelib.payouts.records import CoinBatch
from chalicelib.storage import keys
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.chains.utxo.fake_chain import FakeChain, transaction, txid_of
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.world import HeldQueues, Nodes, World
from tests.withdrawals.accepted import accept, stored

WHOLE = 10**8
THIEF = b"\x00\x14" + b"\x07" * 20


@dataclass
class CoinRig:
    """One chain of coins, a merchant with money, a hot wallet; ``mempool`` is what the fake node would relay."""

    blockchain: str
    world: World
    node: FakeChain
    tenant: NewTenant
    refused: set[str] = field(default_factory=set)
    is_deaf: bool = False

    @classmethod
    def make(cls, blockchain: str, aws: Aws, clock: FakeClock, nodes: Nodes, client: ApiClient) -> "CoinRig":
        node = FakeChain()
        given = make_settings().hot_wallet_keys or {}
        settings = make_settings(hot_wallet_keys={name: key for name, key in given.items() if name != blockchain})
        chains = {**nodes.adapters, blockchain: UtxoAdapter(blockchain, node)}
        env = make_environment(aws, clock, settings, chains=chains, queues=HeldQueues(aws.queues, clock))
        environment.provide(lambda: env)
        tenant = create_tenant(env, "Your Company", transaction_fee="1.0")
        made = cls(blockchain, World(env, aws, clock, nodes, client), node, tenant)
        node.answers["sendrawtransaction"] = made._relay
        made.ask_for(20_000)
        fund(env, tenant.tenant_id, blockchain, 50 * WHOLE)
        made.mine(3)
        return made

    def ask_for(self, rate: int) -> None:
        """Let the going rate be so many smallest units for 1,000 virtual bytes."""
        self.node.answers["estimatesmartfee"] = {"feerate": Decimal(rate).scaleb(-8), "blocks": 3}

    def stock(self, *units: int) -> list[str]:
        """Let a stranger pay the hot wallet coins in one block, and bury it; returns their outpoints."""
        address = address_at(
            self.blockchain, self.world.env.settings.deposit_xpubs[self.blockchain], HOT_WALLET_PATH
        )
        made, _ = read_many(self.node.active[-1], 80)
        script = script_of(address, self.blockchain)
        raw = transaction([f"{made[0].txid}:0"], [(each, script) for each in units])
        self.mine(1, raw)
        self.mine(14)
        return [f"{txid_of(raw)}:{place}" for place in range(len(units))]

    def mine(self, count: int = 1, *raws: bytes) -> None:
        """Mine blocks, the first with these transactions, none with any other; then deal with all that follows."""
        for place in range(count):
            self.node.mine(*(raws if place == 0 else ()))
        scan_chain(self.world.env, self.blockchain)
        for _ in range(2):  # what ends in one turn is left in the next
            self.turn()

    def accept(self, units: int = WHOLE) -> WithdrawalRecord:
        record = accept(self.world.env, self.tenant.tenant_id, units, self.blockchain)
        self.world.settle()
        return record

    def turn(self, seconds: float = 0) -> None:
        self.world.clock.advance(seconds)
        self.world.env.queues.wake_payouts(self.blockchain)
        self.world.settle()

    def get_stuck(self) -> None:
        self.turn(rules.STUCK_SECONDS + 1)

    def status(self, record: WithdrawalRecord) -> str:
        return stored(self.world.env, record).status

    def batches(self) -> list[CoinBatch]:
        return list(self.world.env.store.query_all(CoinBatch, keys.coin_batches(self.blockchain)))

    def coins(self) -> dict[str, int]:
        found = self.world.env.store.query_all(CoinRecord, keys.coins(self.blockchain))
        return {coin.sk: coin.units for coin in found}

    def waiting(self) -> list[str]:
        return [txid_of(raw) for raw in self.node.pool]

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Let the node take nothing, and forget all that waits."""
        self.node.pool.clear()
        self.is_deaf = True
        yield
        self.is_deaf = False

    def _relay(self, raw_hex: str) -> str:
        raw = bytes.fromhex(raw_hex)
        txid, spends = txid_of(raw), set(read_alone(raw).outpoints)
        rivals = [each for each in self.node.pool if spends & set(read_alone(each).outpoints)]
        is_blocked = bool(rivals) and self.blockchain != "BTC"
        if self.is_deaf or txid in self.refused or is_blocked:
            raise NodeRefusalError(-26, "mempool min fee not met")
        self.node.pool[:] = [*(each for each in self.node.pool if each not in rivals), raw]
        return txid


Make = Callable[[str], CoinRig]


@pytest.fixture
def make(aws: Aws, clock: FakeClock, nodes: Nodes, client: ApiClient) -> Make:
    """Make the rig of a blockchain."""
    return lambda blockchain: CoinRig.make(blockchain, aws, clock, nodes, client)


@pytest.fixture
def ltc(make: Make) -> CoinRig:
    return make("LTC")


def raw_of(rig: CoinRig, place: int = -1) -> bytes:
    (batch,) = rig.batches()
    return batch.attempts[place].raw


def with_a_child(rig: CoinRig) -> tuple[CoinBatch, str]:
    """Let a batch get stuck and a child pay for it; returns it, and the outpoint of its change."""
    rig.stock(5 * WHOLE)
    rig.accept()
    rig.get_stuck()
    (batch,) = rig.batches()
    assert len(batch.children) == 1
    return batch, f"{batch.attempts[0].txid}:1"
