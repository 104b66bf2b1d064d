"""The gateway that is measured: the deployed application and handlers on one in-process engine, warm."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.meter import Meter
from chalicelib import environment
from chalicelib.environment import Environment
from chalicelib.payments import workers as payment_workers
from chalicelib.payouts import workers as payout_workers
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.service import NewTenant, create_tenant
from chalicelib.wallets.records import WalletRecord
from chalicelib.webhooks import workers as webhook_workers
from tests.support.application import application
from tests.support.aws import Aws
from tests.support.client import Answer, ApiClient
from tests.support.clock import FakeClock
from tests.support.environment import make_environment
from tests.support.settings import TABLE, make_settings
from tests.support.tokens import token_for
from tests.support.world import Nodes, Receiver, World, sqs_event

CHAIN = "TRX"
BATCH = 10  # messages that a queue's function gets at once, as app.py declares it
CALLBACK_URL = "https://your-site.com/webhook"
WALLET_ID = "wallet_abc123"
SAMPLE = {
    "amount": 100.00,
    "currency": "USDTTRC20",
    "price_currency": "USD",
    "callback_url": CALLBACK_URL,
    "order_id": "order_123",
    "order_description": "Payment for order 123",
    "is_fixed_rate": True,
    "is_fee_paid_by_user": False,
    "customer_email": "customer@example.com",
    "wallet_id": WALLET_ID,
    "expiry_minutes": 30,
}
"""The body of the API overview, whole."""

Handler = Callable[[Environment, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Gateway:
    """What is measured, and what measures it."""

    env: Environment
    aws: Aws
    meter: Meter
    world: World
    receiver: Receiver
    tenant: NewTenant
    client: ApiClient

    @property
    def sample(self) -> dict[str, Any]:
        """The sample body with a receiver that answers, its URL as long as the sample's."""
        return {**SAMPLE, "callback_url": self.receiver.url.ljust(len(CALLBACK_URL), "k")}

    def another_tenant(self) -> tuple[NewTenant, ApiClient]:
        """Create a merchant and return it with a client that calls as it."""
        tenant = create_tenant(self.env, "Another Company")
        return tenant, self.client.with_token(token_for(self.env, tenant))

    def create(self, **options: Any) -> dict[str, Any]:
        """Create a payment by the sample body."""
        return dict(expect(self.client.post("/payments/", self.sample, **options), 201).json)

    def work_off_deposits(self) -> None:
        """Deal with what the scanner reported, in batches as Lambda gets them."""
        self._work_off(self.env.settings.deposits_queue_url, payment_workers.handle_deposits, BATCH)

    def work_off_numbering(self) -> None:
        """Number what is to be told; all of it is one tenant's here, so batches are full."""
        self._work_off(self.env.settings.numbering_queue_url, webhook_workers.number_events, BATCH)

    def work_off_deliveries(self) -> None:
        """Send webhooks, one at a time: the in-process engine is no place for threads."""
        self._work_off(self.env.settings.deliveries_queue_url, webhook_workers.deliver_webhooks, 1)

    def work_off_payouts(self) -> None:
        """Pay out what waits, and follow it."""
        self._work_off(self.env.settings.payouts_queue_url, payout_workers.handle_payouts, BATCH)

    def _work_off(self, queue_url: str, handler: Handler, batch: int) -> None:
        bodies = self.aws.messages(queue_url)
        for start in range(0, len(bodies), batch):
            answer = handler(self.env, sqs_event(*bodies[start : start + batch]))
            if answer["batchItemFailures"]:
                raise RuntimeError(f"{handler.__name__} failed on {_beginning(bodies[start:])}")


def expect(answer: Answer, status: int) -> Answer:
    """Return an answer that has that status.

    Raises:
        RuntimeError: it has another one: the figures would be of something else.
    """
    if answer.status != status:
        raise RuntimeError(f"{answer.status} in place of {status}: {answer.text}")
    return answer


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Put a whole gateway together: engine, simulated chain, a webhook receiver, one merchant with a wallet."""
    aws, clock, receiver = Aws(), FakeClock(), Receiver()
    with tempfile.TemporaryDirectory() as folder, aws.afresh():
        nodes = Nodes(Path(folder), clock)
        try:
            settings = make_settings(allow_local_callbacks=True)
            yield _gateway(
                make_environment(aws, clock, settings, chains=nodes.adapters), aws, clock, nodes, receiver
            )
        finally:
            nodes.close()
            receiver.close()


def _gateway(env: Environment, aws: Aws, clock: FakeClock, nodes: Nodes, receiver: Receiver) -> Gateway:
    app = application()
    environment.provide(lambda: env)
    tenant = create_tenant(env, "Your Company")
    pk, sk = keys.wallet(tenant.tenant_id, WALLET_ID)
    env.store.commit(create(WalletRecord(pk=pk, sk=sk, name="My Wallet", number=1, created_at=int(clock.now()))))
    client = ApiClient(app, token_for(env, tenant))
    world = World(env, aws, clock, nodes, client)
    meter = Meter(env.store.connection.client, aws.dynamodb, TABLE, aws.sqs)
    return Gateway(env, aws, meter, world, receiver, tenant, client)


def _beginning(bodies: Sequence[str]) -> str:
    return bodies[0] if bodies else "nothing"
