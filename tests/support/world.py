"""A whole gateway in one process for journeys: API, workers, a simulated node, a receiver of webhooks."""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.chains.sim.adapter import SimAdapter
from chalicelib.chains.sim.client import SimClient
from chalicelib.chains.workers import scan_chain, scan_chains
from chalicelib.config import BLOCKCHAINS
from chalicelib.currencies.workers import refresh_prices
from chalicelib.environment import Environment
from chalicelib.payments import workers as payment_workers
from chalicelib.payouts import workers as payout_workers
from chalicelib.queues import Queues
from chalicelib.transfers import workers as transfer_workers
from chalicelib.webhooks import service as webhooks
from chalicelib.webhooks import workers as webhook_workers
from chalicelib.withdrawals.fees import refresh_fees
from sandbox.chain.node import SimNode
from sandbox.chain.server import NodeServer
from tests.support.aws import Aws
from tests.support.client import ApiClient
from tests.support.clock import FakeClock


class Receiver:
    """An HTTP receiver on loopback that keeps what it gets; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Nodes:
    """A simulated node behind its HTTP server, and the adapters that speak to it."""

    settings: dict[str, Any] = {}  # noqa: RUF012 -- what real nodes need and these do not

    def __init__(self, path: Any, clock: FakeClock) -> None:
        self.node = SimNode(path / "chains.sqlite", 1, clock)
        self.server = NodeServer(self.node)
        self.server.start()
        self.clients = {name: SimClient("127.0.0.1", self.server.port, name) for name in BLOCKCHAINS}
        self.adapters = {name: SimAdapter(name, client) for name, client in self.clients.items()}

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.server.stop()
        self.node.close()


class HeldQueues:
    """Queues whose delays follow the test's clock; moto would hold messages back in real time."""

    def __init__(self, queues: Queues, clock: FakeClock) -> None:
        self._queues, self._clock = queues, clock
        self.held: list[tuple[float, str, str]] = []
        self.report_deposits = queues.report_deposits
        self.wake_numbering = queues.wake_numbering
        self.wake_transfers = queues.wake_transfers
        self.wake_payouts = queues.wake_payouts

    def deliver(self, tenant_id: str, event_id: str, delay_seconds: int = 0) -> None:
        self.held.append((self._clock.now() + delay_seconds, tenant_id, event_id))
        self.release()

    def deliver_many(self, tenant_id: str, event_ids: Sequence[str]) -> None:
        for event_id in event_ids:
            self.deliver(tenant_id, event_id)

    def release(self) -> None:
        due = [one for one in self.held if one[0] <= self._clock.now()]
        self.held = [one for one in self.held if one[0] > self._clock.now()]
        for _, tenant_id, event_id in due:
            self._queues.deliver(tenant_id, event_id)


class World:
    """What a journey acts on."""

    def __init__(self, env: Environment, aws: Aws, clock: FakeClock, nodes: Nodes, client: ApiClient) -> None:
        self.env, self.aws, self.clock, self.client = env, aws, clock, client
        self.queues: Any = env.queues
        self.tenant: Any = None
        self.nodes, self.node = nodes, nodes.node
        refresh_prices(env)
        refresh_fees(env)
        scan_chains(env)

    def create(self, **fields: Any) -> dict[str, Any]:
        """Create a payment and return it."""
        answer = self.client.post("/payments/", {"amount": "100.00", "currency": "USDTTRC20", **fields})
        assert answer.status == 201, answer.text
        return dict(answer.json)

    def status(self, payment: dict[str, Any]) -> dict[str, Any]:
        """Return a payment as it stands."""
        answer = self.client.post("/payments/status/", {"transaction_id": payment["transaction_id"]})
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def pay(self, payment: dict[str, Any], units: int, token: str | None = None, chain: str | None = None) -> str:
        """Someone pays; nothing is mined or scanned yet."""
        chain = chain or payment["blockchain"]
        return self.node.transfer(chain, payment["address"], token or payment["token"], units)

    def mine(self, chain: str = "TRX", count: int = 1) -> None:
        """Mine blocks one after the other, each dealt with before the next."""
        for _ in range(count):
            self.node.mine(chain)
            self.tick(chain)

    def tick(self, chain: str = "TRX") -> None:
        """One scan of a chain, and all that follows from it."""
        scan_chain(self.env, chain)
        self.settle()

    def settle(self) -> None:
        """Deal with every message that is due, until none is left."""
        if isinstance(self.queues, HeldQueues):
            self.queues.release()
        while self.work():
            pass

    def work(self, times: int = 1) -> int:
        """Take what waits in the queues and deal with each message; returns how many there were."""
        settings = self.env.settings
        count = 0
        for url, handler in (
            (settings.deposits_queue_url, payment_workers.handle_deposits),
            (settings.numbering_queue_url, webhook_workers.number_events),
            (settings.deliveries_queue_url, webhook_workers.deliver_webhooks),
            (settings.transfers_queue_url, transfer_workers.handle_transfers),
            (settings.payouts_queue_url, payout_workers.handle_payouts),
        ):
            for body in self.aws.messages(url):
                count += 1
                for _ in range(times):
                    answer = handler(self.env, sqs_event(body))
                    assert answer == {"batchItemFailures": []}, "the worker failed, see its log"
        return count

    def sweep(self, seconds: float = 60) -> None:
        """Let time pass, run what the schedule runs, deal with all that follows."""
        self.clock.advance(seconds)
        refresh_prices(self.env)
        refresh_fees(self.env)
        payment_workers.expire_payments(self.env)
        payment_workers.sweep_deposits(self.env)
        transfer_workers.sweep_transfers(self.env)
        payout_workers.sweep_payouts(self.env)
        webhook_workers.sweep_outbox(self.env)
        webhook_workers.sweep_retries(self.env)
        self.settle()

    def events(self, tenant_id: str) -> list[dict[str, Any]]:
        return webhooks.all_events(self.env, tenant_id)


def sqs_event(*bodies: str) -> dict[str, Any]:
    """Return the event that a queue's Lambda gets."""
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}
