"""A whole gateway whose processes can be killed and started anew, on a table that can be put back."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from chalicelib import environment
from chalicelib.chains.signers.hot_wallet import HotWalletSigner
from chalicelib.chains.signers.seed import SeedSigner
from chalicelib.chains.workers import scan_chain
from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.payments import workers as payment_workers
from chalicelib.payouts import workers as payout_workers
from chalicelib.sweeping.workers import sweep_accounts
from chalicelib.transfers import workers as transfer_workers
from chalicelib.webhooks import workers as webhook_workers
from chalicelib.webhooks.batch import ProcessPool
from sandbox.chain.node import SimNode
from tests.faults import storage
from tests.faults.near_chain import near_adapter
from tests.faults.storage import Message
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.restless import restless_signers
from tests.support.settings import make_settings
from tests.support.world import Receiver, sqs_event

MINUTE = 60
HANDLERS: dict[str, Callable[[Environment, dict[str, Any]], dict[str, Any]]] = {
    "deposits": payment_workers.handle_deposits,
    "numbering.fifo": webhook_workers.number_events,
    "deliveries": webhook_workers.deliver_webhooks,
    "transfers.fifo": transfer_workers.handle_transfers,
    "payouts.fifo": payout_workers.handle_payouts,
}


class InlinePool:
    """Sends at once, on the thread that asks: a killed process dies in the middle of it."""

    def try_submit(self, tenant_id: str, endpoint_key: str, job: Callable[[], Any]) -> bool:
        job()
        return True


def make_gateway(aws: Aws, clock: FakeClock, node: SimNode, receiver: Receiver) -> "Gateway":
    """Return a gateway on the one chain TRX, which it has looked at for the first time."""
    settings = make_settings(allow_local_callbacks=True)
    deposits = SeedSigner("TRX", settings.deposit_xpubs["TRX"], lambda: (settings.deposit_seeds or {})["TRX"])
    own = restless_signers(dict(settings.hot_wallet_keys or {}))
    signers = {"TRX": HotWalletSigner(own["TRX"], deposits)}
    app = application()  # app.py provides the deployed environment when it is imported
    built = make_environment(aws, clock, settings, chains={"TRX": near_adapter(node, "TRX")}, signers=signers)
    receiver.got.clear()
    receiver.status = 200
    gateway = Gateway(built, clock, node, receiver, app)
    refresh_prices(gateway.env)
    gateway.scan()
    return gateway


class Gateway:
    """Processes, clock, node and receiver of one gateway on one chain (TRX)."""

    def __init__(self, built: Environment, clock: FakeClock, node: SimNode, receiver: Receiver, app: Any) -> None:
        self._built = built
        self.clock, self.node, self.receiver = clock, node, receiver
        self._app = app
        self.token: str | None = None
        self._late: list[Message] = []
        self.heard: dict[str, Any] = {}  # what whoever asks has been answered, in this case
        self.start_process()

    def start_process(self) -> Environment:
        """End the process and start another one: nothing of its memory is left."""
        pool = SimpleNamespace(pool=InlinePool())
        kept: Any = {ProcessPool: pool}
        return self.use(replace(self._built, _kept=kept, _lock=threading.RLock()))

    def use(self, env: Environment) -> Environment:
        """Let this process be the one that acts."""
        self.env = env
        environment.provide(lambda: self.env)
        return env

    @property
    def client(self) -> ApiClient:
        return ApiClient(self._app, self.token)

    def create(self, **fields: Any) -> dict[str, Any]:
        """Create a payment that is long from its expiry."""
        body = {"amount": "100.00", "currency": "USDTTRC20", "expiry_minutes": 10_000, **fields}
        answer = self.client.post("/payments/", body)
        assert answer.status == 201, answer.text
        return dict(answer.json)

    def pay(self, payment: dict[str, Any], units: int = 100_000_000) -> str:
        return self.node.transfer("TRX", payment["address"], payment["token"], units)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.node.mine("TRX")

    def scan(self) -> None:
        scan_chain(self.env, "TRX")

    def sweep_from(self, cents: int) -> None:
        """Sweep deposits from that worth on; else none is swept."""
        settings = replace(self._built.settings, sweep_above_cents=cents)
        self._built = replace(self._built, settings=settings)
        self.start_process()

    def sweep_accounts(self) -> None:
        """Sweep deposits, at fresh prices."""
        if self.env.settings.sweep_above_cents is not None:
            refresh_prices(self.env)
            sweep_accounts(self.env)

    def take(self) -> list[Message]:
        return storage.take_messages()

    def handle(self, messages: Sequence[Message]) -> list[Message]:
        """Hand messages to their worker, as one batch for each queue; returns those that come again."""
        failed: list[Message] = []
        for queue, handler in HANDLERS.items():
            batch = [message for message in messages if message.queue == queue]
            if batch:
                answer = handler(self.env, sqs_event(*(message.body for message in batch)))
                numbers = [int(one["itemIdentifier"][1:]) for one in answer["batchItemFailures"]]
                failed += [batch[number] for number in numbers]
        return failed

    def settle(self) -> None:
        """Deal with all messages that are due, until there are none."""
        while messages := self.take():
            self._late += [message for message in messages if message.is_delayed]
            failed = self.handle([message for message in messages if not message.is_delayed])
            assert not failed, "without a fault, every message is dealt with"

    def drop_messages(self) -> None:
        """Lose what waits in the queues, as a power cut may."""
        self.take()
        self._late.clear()

    def waiting_messages(self) -> int:
        return len(self._late)

    def minute(self) -> None:
        """Let a minute pass: the schedules run, and all that follows from them."""
        self.clock.advance(MINUTE)
        late, self._late = self._late, []
        self.handle(late)
        self.scan()
        self.settle()
        self.sweep()
        self.settle()

    def sweep(self) -> None:
        payment_workers.expire_payments(self.env)
        payment_workers.sweep_deposits(self.env)
        payout_workers.sweep_payouts(self.env)
        webhook_workers.sweep_outbox(self.env)
        webhook_workers.sweep_retries(self.env)
        self.sweep_accounts()
