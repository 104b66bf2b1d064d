"""The SQS client that the product's ``Queues`` sends with here: delays follow the sandbox's clock.

It has botocore's one entry, the call by name, so the product's code is the same as on AWS.
"""

import threading
from collections.abc import Mapping
from typing import Any

from chalicelib.clock import Clock
from sandbox.queues.activity import Activity
from sandbox.queues.delays import DelayStore


class ClockedSqs:
    """Passes calls on to SQS, keeps back what has a delay, and tells the pollers of what was sent.

    Args:
        client: a botocore client of SQS.
        queue_urls: each queue's role and URL.
        delays: where delayed messages wait.
        activity: where sends are noted.
        clock: what delays are counted by.
    """

    def __init__(
        self, client: Any, queue_urls: Mapping[str, str], delays: DelayStore, activity: Activity, clock: Clock
    ) -> None:
        self._client = client
        self._urls = queue_urls
        self._role_of = {url: role for role, url in queue_urls.items()}
        self._delays = delays
        self._activity = activity
        self._clock = clock
        self._releasing = threading.Lock()

    def _make_api_call(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Do one SQS call by its name, as botocore's clients do."""
        if operation == "SendMessage":
            return self._send(dict(parameters))
        if operation == "SendMessageBatch":
            return self._send_batch(dict(parameters))
        return self._client._make_api_call(operation, parameters)  # noqa: SLF001 -- botocore's dispatch by name

    def release_due(self) -> int:
        """Send the messages whose delay is over; returns how many."""
        with self._releasing:
            due = self._delays.due(self._clock.now())
            for delayed in due:
                self._client.send_message(QueueUrl=self._urls[delayed.queue], **delayed.message)
                self._delays.remove(delayed.id)  # after the send: a message may come twice, never not at all
                self._activity.changed(delayed.queue)
            return len(due)

    def _send(self, parameters: dict[str, Any]) -> Any:
        role = self._role_of[parameters["QueueUrl"]]
        delay_seconds = parameters.pop("DelaySeconds", 0)
        if delay_seconds:
            return {"MessageId": self._keep(role, parameters, delay_seconds)}
        answer = self._client.send_message(**parameters)
        self._activity.changed(role)
        return answer

    def _send_batch(self, parameters: dict[str, Any]) -> Any:
        role = self._role_of[parameters["QueueUrl"]]
        entries = parameters["Entries"]
        delayed = [entry for entry in entries if entry.get("DelaySeconds")]
        at_once = [entry for entry in entries if not entry.get("DelaySeconds")]
        kept = [{"Id": each["Id"], "MessageId": self._keep(role, each, each["DelaySeconds"])} for each in delayed]
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        if at_once:
            answer |= self._client.send_message_batch(QueueUrl=parameters["QueueUrl"], Entries=at_once)
            self._activity.changed(role)
        return answer | {"Successful": [*answer.get("Successful", []), *kept]}

    def _keep(self, role: str, message: Mapping[str, Any], delay_seconds: float) -> str:
        bare = {name: value for name, value in message.items() if name not in {"QueueUrl", "DelaySeconds", "Id"}}
        return f"delayed-{self._delays.add(role, self._clock.now() + delay_seconds, bare)}"
