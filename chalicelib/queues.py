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

BATCH_LIMIT = 10  # entries of one SendMessageBatch
LONGEST_DELAY_SECONDS = 900  # of SQS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """Where the three queues are."""

    deposits: str
    numbering: str
    deliveries: str


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
        for start in range(0, len(entries), BATCH_LIMIT):
            self._send_batch(self._urls.deposits, entries[start : start + BATCH_LIMIT])

    def wake_numbering(self, tenant_id: str, subject: str) -> None:
        """Wake the tenant's numbering writer for one subject (a payment, a movement)."""
        # A deduplication id of its own: SQS would swallow an equal wake-up within five minutes.
        self._send(
            self._urls.numbering,
            {"tenant_id": tenant_id, "subject": subject},
            MessageGroupId=tenant_id,
            MessageDeduplicationId=uuid.uuid4().hex,
        )

    def deliver(self, tenant_id: str, event_id: str, delay_seconds: int = 0) -> None:
        """Have one event sent to its endpoint; the tenant is the fair queue's group."""
        delay = {"DelaySeconds": delay_seconds} if delay_seconds else {}
        message = {"tenant_id": tenant_id, "event_id": event_id}
        self._send(self._urls.deliveries, message, MessageGroupId=tenant_id, **delay)

    def _send(self, url: str, message: Mapping[str, Any], **options: Any) -> None:
        self._quietly("SendMessage", QueueUrl=url, MessageBody=json.dumps(message), **options)

    def _send_batch(self, url: str, entries: Sequence[Mapping[str, Any]]) -> None:
        numbered = [{"Id": str(number), **entry} for number, entry in enumerate(entries)]
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
