"""A whole gateway in memory whose processes die and start anew: API, workers, schedules, a simulated node."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from chalicelib import assembly, environment
from chalicelib.chains.workers import scan_chain
from chalicelib.currencies.catalogue import Catalogue, load_catalogue
from chalicelib.environment import Environment
from chalicelib.queues import Queues, urls_of
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.webhooks.batch import ProcessPool
from chalicelib.webhooks.side_by_side import SideBySide
from sandbox import functions
from sandbox.chain.node import SimNode
from sandbox.queues.lambda_event import schedule_event
from tests.faults.near_chain import near_adapter
from tests.soak.faulty_aws import FAULTS, Faults, FaultyTable, KilledError, MemorySqs
from tests.support.application import application
from tests.support.client import Answer, ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import resolve
from tests.support.memory_table import MemoryStore, MemoryTable
from tests.support.settings import make_settings
from tests.support.tokens import token_for
from tests.support.world import sqs_event

CHAIN = "TRX"
CONFIRMATIONS = 2  # so that a reorganisation reaches what has been credited
GAS_UNITS = 10**15


class Gateway:
    """One gateway on one chain, and what may happen to it."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.random, self.clock, self.faults = random, FakeClock(), Faults()
        self.table = MemoryTable()
        self.sqs = MemorySqs(self.clock, random, self.faults)
        self.node = SimNode(folder / "chain.sqlite", 1, self.clock)
        self.node.fund_hot_wallet(CHAIN, "TRX", GAS_UNITS)
        self.node.fund_hot_wallet(CHAIN, "USDT", GAS_UNITS)
        self.module: Any = application() and __import__("app")
        settings = make_settings(allow_local_callbacks=True, rate_limits=False)
        self._built = replace(
            assembly.build(settings, self.clock),
            store=MemoryStore(FaultyTable(self.table, self.faults)),
            queues=Queues(urls_of(settings), lambda: self.sqs),
            chains={CHAIN: near_adapter(self.node, CHAIN)},
            catalogue=_shallow(load_catalogue()),
            resolver=resolve,
        )
        self.deaths = 0
        self.start_process()
        self._schedules = schedules(self.module)
        self._queues = triggers(self.module, settings)
        self.run_schedule("refresh_prices")
        scan_chain(self.env, CHAIN)

    def start_process(self) -> None:
        """End the process and start another one: nothing of its memory is left."""
        kept: Any = {ProcessPool: SimpleNamespace(pool=InlinePool()), SideBySide: InlineMap()}
        self.env: Environment = replace(self._built, _kept=kept, _lock=threading.RLock())
        environment.provide(lambda: self.env)

    def new_tenant(self, name: str) -> tuple[NewTenant, ApiClient]:
        tenant = create_tenant(self.env, name, transaction_fee="1.5", admin=True)
        return tenant, self.client_of(tenant)

    def client_of(self, tenant: NewTenant) -> ApiClient:
        """Return a client with a new access token; they last for ten hours of the clock's."""
        return ApiClient(self.module.app, token_for(self.env, tenant))

    def struck(self, act: Callable[[], Any], share: float) -> tuple[bool, Any]:
        """Do something, with a fault planned now and then; say whether it came to its end, and what it gave."""
        is_disturbed = self.random.random() < share
        if is_disturbed:
            self.faults.plan(self.random, FAULTS)
        try:
            return True, act()
        except KilledError:
            self.deaths += 1
            self.start_process()
            return False, None
        except (StorageUnavailableError, ConflictError):
            if not is_disturbed:
                raise
            return False, None  # the function failed: whoever called it calls it again
        finally:
            self.faults.clear()

    def ask(self, make: Callable[[], Answer], share: float) -> Answer:
        """Ask the API until it has answered: the same request again, without a fault the last time."""
        for attempt in (share, share, 0.0):
            done, answer = self.struck(make, attempt)
            if done and answer.status < 500:
                return answer
            if done and answer.json["error"]["code"] == "rates_unavailable":
                self.run_schedule("refresh_prices")
        assert done, "without a fault nobody is killed"
        return answer

    def work(self, share: float) -> bool:
        """Deal with one batch of one queue; tells whether there was one."""
        busy = [
            url for url in self._queues if any(m.due_at <= self.clock.now() for m in self.sqs.queues.get(url, []))
        ]
        if not busy:
            return False
        url = self.random.choice(busy)
        batch = self.sqs.take(url)
        event = sqs_event(*(message.body for message in batch))
        done, answer = self.struck(lambda: self._queues[url](self.env, event), share)
        failed = [int(one["itemIdentifier"][1:]) for one in answer["batchItemFailures"]] if done else None
        again = batch if failed is None else [batch[number] for number in failed]
        if self.random.random() < 0.03:  # a message comes twice, though it was dealt with
            again = batch
        self.sqs.put_back(url, again)
        return True

    def settle(self) -> None:
        """Deal with all that is due, without faults."""
        for _ in range(100_000):
            if not self.work(0):
                return
        raise AssertionError("the queues never come to rest")

    def run_schedule(self, name: str | None = None, share: float = 0.0) -> None:
        for schedule, function in self._schedules.items():
            if name in {None, schedule}:
                self.struck(function, share)

    def mine(self, count: int, share: float) -> None:
        for _ in range(count):
            self.node.mine(CHAIN)
            self.clock.advance(3)
            self.struck(lambda: scan_chain(self.env, CHAIN), share)

    def minutes(self, count: int, share: float = 0.0) -> None:
        for _ in range(count):
            self.clock.advance(60)
            self.run_schedule(share=share)

    def come_to_rest(self) -> None:
        """Let everything that is under way come to its end, undisturbed."""
        self.node.set_payouts(CHAIN, "ok")
        for _ in range(8):
            self.mine(CONFIRMATIONS + 1, 0)
            self.settle()
            self.minutes(3)
            self.settle()


class InlinePool:
    """Sends at once, on the thread that asks: a killed process dies in the middle of it."""

    def try_submit(self, tenant_id: str, endpoint_key: str, job: Callable[[], Any]) -> bool:
        job()
        return True


class InlineMap:
    def map(self, function: Callable[[Any], Any], values: Any) -> Any:
        return [function(one) for one in values]


def schedules(module: Any) -> dict[str, Callable[[], Any]]:
    def runner(schedule: functions.Schedule) -> Callable[[], Any]:
        return lambda: schedule.function(schedule_event(schedule.name, 0), None)

    return {one.name: runner(one) for one in functions.schedules(module)}


def triggers(module: Any, settings: Any) -> dict[str, Callable[[Environment, dict[str, Any]], dict[str, Any]]]:
    from chalicelib.payments import workers as payments  # noqa: PLC0415 -- as their Lambdas load them
    from chalicelib.payouts import workers as payouts  # noqa: PLC0415
    from chalicelib.transfers import workers as transfers  # noqa: PLC0415
    from chalicelib.webhooks import workers as webhooks  # noqa: PLC0415

    return {
        settings.deposits_queue_url: payments.handle_deposits,
        settings.numbering_queue_url: webhooks.number_events,
        settings.deliveries_queue_url: webhooks.deliver_webhooks,
        settings.transfers_queue_url: transfers.handle_transfers,
        settings.payouts_queue_url: payouts.handle_payouts,
    }


def _shallow(catalogue: Catalogue) -> Catalogue:
    entries = catalogue._entries
    currencies = tuple(replace(one, confirmations=CONFIRMATIONS) for one in entries.currencies)
    return Catalogue(entries._replace(currencies=currencies))
