"""Idempotency keys: one guard item, in the object's own transaction, for the life of the object.

The guard does not keep the first answer but the object's id and a hash of the request: what an object looked
like when it was created can be told from the object itself, byte for byte.
Source of the manners: the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.errors import IdempotencyMismatchError, InvalidRequestError
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Raw, Record
from chalicelib.storage.unit_of_work import Write, create

HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class Guard(Record):
    """Says that a key was used: for which request, and what it made."""

    request_hash = UnicodeAttribute(attr_name="h")
    object_id = UnicodeAttribute(attr_name="o")


class AlreadyAnsweredError(Exception):
    """A twin with the same key was faster: its object is the answer."""

    def __init__(self, object_id: str) -> None:
        super().__init__(object_id)
        self.object_id = object_id


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key as it came with one request.

    Attributes:
        text: the key itself; never stored.
        guard: where its guard item is (tenant and route are its scope).
        request_hash: what the request asked for.
    """

    text: str
    guard: Key
    request_hash: str

    def first_object(self, env: Environment) -> str | None:
        """Return the id of what the first request with this key made, if there was one.

        Raises:
            IdempotencyMismatchError: the first request asked for something else.
        """
        guard = env.store.get(Guard, self.guard)
        return self._checked(guard) if guard else None

    def guard_write(self, object_id: str) -> Write:
        """Return the write that makes a second use of the key impossible."""
        pk, sk = self.guard
        record = Guard(pk=pk, sk=sk, request_hash=self.request_hash, object_id=object_id)
        return create(record, self._second_use)

    def _second_use(self, item: Raw | None) -> Exception:
        assert item is not None, "the guard exists, or its condition would not have failed"
        try:
            return AlreadyAnsweredError(self._checked(Guard.of_raw(item)))
        except IdempotencyMismatchError as error:
            return error

    def _checked(self, guard: Guard) -> str:
        if guard.request_hash != self.request_hash:
            raise IdempotencyMismatchError(
                "This Idempotency-Key was used with another body; use a new key for a new request."
            )
        return guard.object_id


def read(headers: Mapping[str, str], tenant_id: str, route: str, body: Any) -> IdempotencyKey | None:
    """Read the header, if the request has one.

    Raises:
        InvalidRequestError: longer than 255 characters, or not plain ASCII.
    """
    text = headers.get(HEADER)
    if text is None:
        return None
    if not _KEY.fullmatch(text):
        raise InvalidRequestError("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    request_hash = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
    return IdempotencyKey(text, keys.guard(tenant_id, route, text), request_hash)
