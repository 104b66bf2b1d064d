"""What transfers cost, and how many a second a master account bears by a latency model, in one part and in eight.

Ten thousand transfers of one merchant to as many wallets are settled on a local engine by the product's worker.
Each transaction is recorded; those that would meet a hold on AWS are cancelled, so that the worker's own retries
run. Holds are really made, twenty for each modelled second.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session

from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import Gateway, expect
from benchmarks.latency import TRANSACTION_MS, Timeline, transaction_ms
from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.service import differences, fund
from chalicelib.queues import Queues, urls_of
from chalicelib.storage import keys
from chalicelib.storage.store import Store
from chalicelib.tenants import service as tenants
from chalicelib.transfers import draining, service
from chalicelib.transfers.records import COMPLETED, TO_SUB, TransferRecord
from chalicelib.transfers.workers import handle_transfers
from sandbox.engine import engine
from sandbox.engine.engine import ACCESS_KEY, REGION, Engine
from sandbox.engine.provision import provision
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import make_settings
from tests.support.world import sqs_event

CODE, UNITS_EACH = "USDTTRC20", 1_000_000
FOLDED = 49
TRANSFERS = 10_000
PARTS = 8
ENGINE_SECONDS = 120  # a local engine reads ten thousand items slowly, the more so on a busy machine
PER_SECOND, COUNT = "/s", "times"


def write_units(gateway: Gateway) -> Iterator[Figure]:
    """Count the write units of forty-nine transfers that are folded together, and of one alone."""
    tenant, client = gateway.another_tenant()
    fund(gateway.env, tenant.tenant_id, CODE, 1_000 * UNITS_EACH)
    wallets = [expect(client.post("/wallets/", {"name": "Wallet"}), 201).json for _ in range(FOLDED)]
    settings = gateway.env.settings

    def accept(wallet: dict[str, Any]) -> None:
        body = {
            "wallet_id": wallet["wallet_id"],
            "currency": CODE,
            "amount": "1",
            "callback_url": gateway.sample["callback_url"],
        }
        expect(client.post("/wallets/transfer-to-user/", body), 202)

    def settle() -> None:
        handle_transfers(gateway.env, sqs_event(*gateway.aws.messages(settings.transfers_queue_url)))

    accept(wallets[0])
    settle()  # the process is warm from here on, and the balances are there
    gateway.work_off_numbering()
    gateway.work_off_deliveries()
    with gateway.meter.measured() as accepting:
        for wallet in wallets:
            accept(wallet)
    with gateway.meter.measured() as folding:
        settle()
    with gateway.meter.measured() as numbering:
        gateway.work_off_numbering()
    with gateway.meter.measured() as sending:
        gateway.work_off_deliveries()
    yield Figure("transfer.write_units", Fraction(folding.write_units, FOLDED), UNITS)
    yield Figure("transfer.accepted_write_units", Fraction(accepting.write_units, FOLDED), UNITS)
    yield Figure("transfer.accepted_calls", Fraction(accepting.calls, FOLDED), "calls")
    yield Figure("transfer.numbered_write_units", Fraction(numbering.write_units, FOLDED), UNITS)
    yield Figure("transfer.sent_write_units", Fraction(sending.write_units, FOLDED), UNITS)
    accept(wallets[0])
    with gateway.meter.measured() as alone:
        settle()
    yield Figure("transfer_one_by_one.write_units", Fraction(alone.write_units), UNITS)


def modelled(transfers: int = TRANSFERS) -> Iterator[Figure]:
    """Settle that many transfers on a local engine, in one part and in eight, and say how fast that would be."""
    with _engine() as running:
        single = _Run(running, "one")
        single.accept(1, transfers)
        single.settle()
        split = _Run(running, "parts")
        split.accept(PARTS, transfers)
        split.settle()
    line = single.lanes[0]
    yield _speed("transfer", transfers, [line])
    yield from _recorded("transfer", [line])
    yield Figure("transfer.holds_meanwhile", Fraction(single.held), COUNT)
    yield _speed("transfer_locked_throughout", transfers, [_replayed(line.transactions, TRANSACTION_MS)])
    lanes = list(split.lanes.values())
    yield _speed("transfer_8_parts", transfers, lanes)
    yield from _recorded("transfer_8_parts", lanes)
    yield Figure("transfer_one_by_one.modelled_per_second", 1000 / transaction_ms(3), PER_SECOND)


def _speed(name: str, transfers: int, lanes: Sequence[Timeline]) -> Figure:
    slowest_ms = max(line.now_ms for line in lanes)
    return Figure(f"{name}.modelled_per_second", transfers * 1000 / slowest_ms, PER_SECOND)


def _recorded(name: str, lanes: Sequence[Timeline]) -> Iterator[Figure]:
    transactions = [items for line in lanes for items in line.transactions]
    yield Figure(f"{name}.transactions", Fraction(len(transactions)), COUNT)
    yield Figure(f"{name}.items_per_transaction", Fraction(sum(transactions), len(transactions)), "items")
    yield Figure(f"{name}.conflicts", Fraction(sum(line.conflicts for line in lanes)), COUNT)


def _replayed(transactions: list[int], locked_ms: float) -> Timeline:
    """Run the same transactions through the model with holds that lock for longer."""
    line = Timeline(locked_ms)
    jitter = random.Random(1)  # noqa: S311 -- a model
    for items in transactions:
        attempt = 0
        line.arrived()
        while not line.starts(items):
            line.waits(jitter.uniform(0, 0.02 * 2**attempt))
            line.arrived()
            attempt += 1
    return line


@dataclass(slots=True)
class _Run:
    """One merchant's transfers on a fresh table, each part's worker on a timeline of its own."""

    running: Engine
    name: str
    lanes: dict[int, Timeline] = field(default_factory=dict)
    held: int = 0
    _now: Timeline | None = None
    _env: Any = None
    _plain: Any = None
    _tenant_id: str = ""

    def accept(self, parts: int, transfers: int) -> None:
        """Have a merchant with money, and transfers that wait, each for another wallet."""
        self._env, self._plain = self._connected()
        tenant = tenants.create_tenant(self._plain, "Your Company")
        self._tenant_id = tenant.tenant_id
        tenants.set_balance_parts(self._plain, tenant.tenant_id, str(parts))
        fund(self._plain, tenant.tenant_id, CODE, 2 * transfers * UNITS_EACH)
        wallets = [f"w_{number:08x}00000000" for number in range(1, transfers + 1)]
        waiting = [
            service.waiting(self._plain, tenant.tenant_id, TO_SUB, wallet_id, CODE, UNITS_EACH, None)
            for wallet_id in wallets
        ]
        self._plain.store.put_all(waiting)
        self.lanes = {part: Timeline(has_holds=part == 0) for part in range(parts)}

    def settle(self) -> None:
        """Have each part's worker settle what waits for it, and check the books."""
        for part, line in self.lanes.items():
            self._now = line
            waiting = self._plain.store.query_all(TransferRecord, keys.transfers(self._tenant_id, part))
            ids = [record.sk for record in waiting]
            for start in range(0, len(ids), draining.FOLDS_IN_ONE_DRAIN * FOLDED):
                draining.drain(self._env, self._tenant_id, part, ids[start:])
            self._now = None
        for part in self.lanes:
            records = self._plain.store.query_all(TransferRecord, keys.transfers(self._tenant_id, part))
            if any(record.status != COMPLETED for record in records):
                raise RuntimeError("a transfer was not settled")
        if differences(self._plain, self._tenant_id):
            raise RuntimeError("the books do not add up")

    def _connected(self) -> tuple[Environment, Environment]:
        """Return the worker's environment, whose transactions are watched, and one that nobody watches."""
        watched, plain = (_session() for _ in range(2))
        watched.register("before-call.dynamodb.TransactWriteItems", self._on_transaction)
        names = provision(
            plain.create_client("dynamodb", REGION, endpoint_url=self.running.dynamodb_endpoint),
            plain.create_client("sqs", REGION, endpoint_url=self.running.sqs_endpoint),
            f"sluice{self.name}",
        )
        at = self.running.dynamodb_endpoint
        clock = FakeClock()
        made = []
        for session, sleep in ((watched, self._sleep), (plain, lambda _: None)):
            store = Store(names.table_name, session, REGION, at, sleep)
            store.connection._read_timeout_seconds = ENGINE_SECONDS  # noqa: SLF001 -- before its client is made
            aws: Any = SimpleNamespace(store=store, queues=_Silent())
            made.append(make_environment(aws, clock))
        return made[0], made[1]

    def _on_transaction(self, *, params: Any, **_: Any) -> Any:
        line = self._now
        if line is None:
            return None
        self._hold(line.arrived())
        items = (
            params["body"].count(b'"pk"') if isinstance(params["body"], bytes) else params["body"].count('"pk"')
        )
        if line.starts(items):
            return None
        reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in range(items - 1))]
        error = {"Code": "TransactionCanceledException", "Message": "modelled"}
        return SimpleNamespace(status_code=400), {"Error": error, "CancellationReasons": reasons}

    def _sleep(self, seconds: float) -> None:
        assert self._now is not None, "only what is watched waits"
        self._now.waits(seconds)

    def _hold(self, times: int) -> None:
        for _ in range(times):
            with suppress(rules.InsufficientFundsError):
                before = book.read_balance(self._plain.store, self._tenant_id, MASTER, CODE)
                posting = rules.hold(before, MASTER, UNITS_EACH)
                self._plain.store.commit(*book.posting_writes(self._tenant_id, CODE, posting))
                self.held += 1


class _Silent(Queues):
    """Queues that nobody listens to: here the worker is called."""

    def __init__(self) -> None:
        super().__init__(urls_of(make_settings()), lambda: None)

    def _send(self, *_: Any, **__: Any) -> None:
        return


def _session() -> Any:
    session = botocore.session.Session()
    session.set_credentials(ACCESS_KEY, "any")
    return session


@contextmanager
def _engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        running = engine.start("ministack", Path(folder))
        try:
            yield running
        finally:
            running.stop()
