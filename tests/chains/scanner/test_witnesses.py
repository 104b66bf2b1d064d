"""Deposits are credited and taken back on one provider's word that the others were asked about."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Head, Transfer, TxStatus
from chalicelib.chains.workers import scan_chain
from chalicelib.payments.workers import handle_deposits
from chalicelib.tenants.service import NewTenant
from tests.chains.scanner.other_nodes import OtherNode
from tests.journeys.books import books
from tests.support.world import World, sqs_event

PAID = 100_000_000
DEPTH = 19


class Witnessed(OtherNode):
    """Notes whether all that decides is asked while one provider is pinned, and what the others are asked."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.pins = 0
        self.loose: list[str] = []
        self.asked: list[tuple[int, str, Transfer | None]] = []
        self.is_contradicted = False

    @contextmanager
    def pinned(self) -> Iterator[None]:
        self.pins += 1
        yield
        self.pins -= 1

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        self._note("status")
        return self.inner.status(txid, spends)

    def head(self) -> Head:
        self._note("head")
        return self.inner.head()

    def block_hash(self, height: int) -> str | None:
        self._note("block_hash")
        return self.inner.block_hash(height)

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        self._note("witness")
        self.asked.append((height, block_hash, transfer))
        if self.is_contradicted:
            raise ChainUnavailableError("another provider says otherwise")

    def _note(self, question: str) -> None:
        if not self.pins:
            self.loose.append(question)


@pytest.fixture
def chain(world: World) -> Witnessed:
    chains: Any = world.env.chains
    chains["TRX"] = Witnessed(chains["TRX"])
    return chains["TRX"]


def failed(world: World) -> int:
    """Deal with what waits for the deposit workers; returns how many messages come again."""
    bodies = world.aws.messages(world.env.settings.deposits_queue_url)
    return sum(len(handle_deposits(world.env, sqs_event(body))["batchItemFailures"]) for body in bodies)


def test_a_credit_is_witnessed_with_its_amount_and_receiver(
    world: World, tenant: NewTenant, chain: Witnessed
) -> None:
    payment = world.create()
    txid = world.pay(payment, PAID)
    world.mine(count=DEPTH - 1)
    assert chain.asked == []
    chain.is_contradicted = True
    world.node.mine("TRX")
    scan_chain(world.env, "TRX")
    assert failed(world) == 1
    assert books(world, tenant) == {}
    chain.is_contradicted = False
    world.sweep(120)
    assert world.status(payment)["status"] == "completed"
    (block_hash,) = {block_hash for _, block_hash, _ in chain.asked}
    expected = Transfer(txid, 0, 2, block_hash, "USDT", payment["address"], PAID, ok=True)
    assert chain.asked == [(2, chain.block_hash(2), expected)] * len(chain.asked)
    assert set(chain.loose) <= {"block_hash"}, "but for the line above"


def test_a_reversal_is_witnessed(world: World, tenant: NewTenant, chain: Witnessed) -> None:
    payment = world.create()
    txid = world.pay(payment, PAID)
    world.mine(count=DEPTH)
    chain.asked.clear()
    chain.is_contradicted = True
    world.node.reorg("TRX", DEPTH, [txid])
    scan_chain(world.env, "TRX")
    assert failed(world) == 1
    assert world.status(payment)["labels"] == []
    assert chain.asked == [(2, chain.inner.block_hash(2), None)]
    chain.is_contradicted = False
    for _ in range(3):
        world.sweep(120)
    assert world.status(payment)["labels"] == ["REORGED", "REVERSED"]
    assert books(world, tenant) == {}
    assert chain.loose == []
