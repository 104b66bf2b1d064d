"""The queues: what one part of the system tells another after a commit.

A message is a wake-up, never the truth: whatever is lost, late, doubled or out of order, the table knows.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.config import Settings

BATCH_LIMIT = 10  # entries of one SendMessageBatch
LONGEST_DELAY_SECONDS = 900  # of SQS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """Where the queues are."""

    deposits: str
    numbering: str
    deliveries: str
    transfers: str
    payouts: str


def urls_of(settings: Settings) -> QueueUrls:
    """Return where the settings say that the queues are."""
    return QueueUrls(
        deposits=settings.deposits_queue_url,
        numbering=settings.numbering_queue_url,
        deliveries=settings.deliveries_queue_url,
        transfers=settings.transfers_queue_url,
        payouts=settings.payouts_queue_url,
    )


class Queues:
    """Sends messages; the client is made on first use and shared between threads."""

    def __init__(self, urls: QueueUrls, make_client: Callable[[], Any]) -> None:
        self._urls = urls
        self._make_client = make_client
        self._client: Any = None
        self._lock = threading.Lock()

    def report_deposits(self, sightings: Sequence[Mapping[str, Any]]) -> None:
        """Tell the deposit workers what the scanner saw, one message for each sighting."""
        entries = [{"MessageBody": json.dumps(sighting)} for sighting in sightings]
        self._send_batches(self._urls.deposits, entries)

    def wake_numbering(self, tenant_id: str, *subjects: str) -> None:
        """Wake the tenant's numbering writer for some subjects (payments, transfers, movements …)."""
        self._wake(self._urls.numbering, tenant_id, {"tenant_id": tenant_id, "subjects": subjects})

    def wake_transfers(self, tenant_id: str, part: int, transfer_id: str) -> None:
        """Wake the worker of the transfers that wait for one part of a merchant's master account, for this one."""
        message = {"tenant_id": tenant_id, "part": part, "transfer_id": transfer_id}
        self._wake(self._urls.transfers, f"{tenant_id}#{part}", message)

    def wake_payouts(self, blockchain: str) -> None:
        """Wake the worker of a blockchain's hot wallet."""
        self._wake(self._urls.payouts, blockchain, {"blockchain": blockchain})

    def deliver(self, tenant_id: str, event_id: str, delay_seconds: int = 0) -> None:
        """Have one event sent to its endpoint; the tenant is the fair queue's group."""
        delay = {"DelaySeconds": delay_seconds} if delay_seconds else {}
        message = {"tenant_id": tenant_id, "event_id": event_id}
        self._send(self._urls.deliveries, message, MessageGroupId=tenant_id, **delay)

    def deliver_many(self, tenant_id: str, event_ids: Sequence[str]) -> None:
        """Have several events sent, ten to a message batch."""
        entries = [
            {
                "MessageBody": json.dumps({"tenant_id": tenant_id, "event_id": event_id}),
                "MessageGroupId": tenant_id,
            }
            for event_id in event_ids
        ]
        self._send_batches(self._urls.deliveries, entries)

    def _wake(self, url: str, group: str, message: Mapping[str, Any]) -> None:
        # A deduplication id of its own: SQS would swallow an equal wake-up within five minutes.
        self._send(url, message, MessageGroupId=group, MessageDeduplicationId=uuid.uuid4().hex)

    def _send(self, url: str, message: Mapping[str, Any], **options: Any) -> None:
        self._quietly("SendMessage", QueueUrl=url, MessageBody=json.dumps(message), **options)

    def _send_batches(self, url: str, entries: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(entries), BATCH_LIMIT):
            batch = entries[start : start + BATCH_LIMIT]
            numbered = [{"Id": str(number), **entry} for number, entry in enumerate(batch)]
            self._quietly("SendMessageBatch", QueueUrl=url, Entries=numbered)

    def _quietly(self, operation: str, **parameters: Any) -> None:
        """Send, and go on when that fails: the commit stands, and the sweeps tell what was not told."""
        try:
            self._connected()._make_api_call(operation, parameters)  # noqa: SLF001 -- botocore's dispatch by name
        except (BotoCoreError, ClientError) as error:
            logger.warning("a message was not sent, a sweep will: %s %s", operation, type(error).__name__)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
        return self._client
