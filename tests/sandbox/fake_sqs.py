"""SQS in memory, as far as the pollers use it: receive counts, invisibility, groups, dead letters."""

import itertools
from threading import RLock
from typing import Any


class FakeSqs:
    def __init__(self, max_receive_count: int = 5) -> None:
        self.lock = RLock()
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.dead: list[str] = []
        self.numbers = itertools.count(1)
        self.max_receive_count = max_receive_count
        self.fails = False

    def send_message(self, QueueUrl: str, MessageBody: str, MessageGroupId: str = "", **_: Any) -> Any:  # noqa: N803
        if self.fails:
            raise ConnectionError("no SQS")
        with self.lock:
            number = str(next(self.numbers))
            message = {"id": number, "body": MessageBody, "group": MessageGroupId, "count": 0, "visible": True}
            self.messages.setdefault(QueueUrl, []).append(message)
            return {"MessageId": number}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803
        for entry in Entries:
            self.send_message(QueueUrl, **{name: value for name, value in entry.items() if name != "Id"})
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int = 1, **_: Any) -> Any:  # noqa: N803
        with self.lock:
            queue = self.messages.setdefault(QueueUrl, [])
            worn_out = [each for each in queue if each["visible"] and each["count"] >= self.max_receive_count]
            self.dead += [each["body"] for each in worn_out]
            queue[:] = [each for each in queue if each not in worn_out]
            blocked = {each["group"] for each in queue if not each["visible"]} if "fifo" in QueueUrl else set()
            free = [each for each in queue if each["visible"] and each["group"] not in blocked]
            return {"Messages": [self._given(each) for each in free[:MaxNumberOfMessages]]}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803
        with self.lock:
            handled = {entry["ReceiptHandle"] for entry in Entries}
            self.messages[QueueUrl][:] = [each for each in self.messages[QueueUrl] if each["id"] not in handled]

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        with self.lock:
            for each in self.messages[QueueUrl]:
                each["visible"] = each["visible"] or each["id"] == ReceiptHandle

    def purge_queue(self, QueueUrl: str) -> None:  # noqa: N803
        with self.lock:
            self.messages[QueueUrl] = []

    def _given(self, message: dict[str, Any]) -> dict[str, Any]:
        message["visible"] = False
        message["count"] += 1
        attributes = {"ApproximateReceiveCount": str(message["count"]), "MessageGroupId": message["group"]}
        return {
            "MessageId": message["id"],
            "ReceiptHandle": message["id"],
            "Body": message["body"],
            "Attributes": attributes,
        }
