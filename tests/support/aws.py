"""One set of AWS clients for the whole test session, on moto; each test finds its table and queues empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import botocore.session
from moto import mock_aws  # before any client exists: it hooks into botocore
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.queues import Queues, urls_of
from chalicelib.storage.store import Store
from sandbox.engine.provision import provision
from tests.support.settings import REGION, TABLE, make_settings


@dataclass
class AwsCalls:
    """What was asked of DynamoDB and SQS, in order; any operation can be made to fail."""

    made: list[str] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)

    def fail(self, operation: str, code: str = "InternalServerError") -> None:
        self.failing[operation] = code

    def reset(self) -> None:
        self.made.clear()
        self.failing.clear()

    def on_call(self, *, model: Any = None, **_: Any) -> Any:
        self.made.append(model.name)
        code = self.failing.get(model.name)
        if code is None:
            return None
        return SimpleNamespace(status_code=500), {"Error": {"Code": code, "Message": "made to fail"}}


class Aws:
    """The session's clients, store and queues, with a record of their calls."""

    def __init__(self) -> None:
        session = botocore.session.Session()
        session.set_credentials("testing", "testing")
        self.calls = AwsCalls()
        session.register("before-call", self.calls.on_call)
        settings = make_settings()
        self.store = Store(TABLE, session, REGION, sleep=lambda _: None)
        self.sqs: Any = session.create_client("sqs", REGION)
        self.queues = Queues(
            urls_of(settings),
            lambda: self.sqs,
        )
        self.dynamodb: Any = session.create_client("dynamodb", REGION)

    @contextmanager
    def afresh(self) -> Iterator["Aws"]:
        """Table and queues as the deployment's template has them, empty."""
        mock = mock_aws()
        mock.start(reset=False)
        try:
            if not _emptied():
                provision(self.dynamodb, self.sqs, TABLE)
            self.calls.reset()
            yield self
        finally:
            mock.stop(remove_data=False)  # making them costs 60 ms, emptying them none

    def messages(self, queue_url: str) -> list[str]:
        """The bodies that wait in a queue; they are taken out."""
        bodies: list[str] = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return bodies
            for message in answer["Messages"]:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def _emptied() -> bool:
    """Empty what an earlier test left; False when there is none, or another mock took it away."""
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
    if TABLE not in tables:
        return False
    tables[TABLE].items.clear()
    for queue in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.values():
        queue._messages, queue._pending_messages = [], set()  # purging is refused within a minute
    return True
