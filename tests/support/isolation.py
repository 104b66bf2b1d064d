"""Watches every DynamoDB request as it goes out: none that is made for one tenant may touch what is another's.

Which keys carry a tenant, and where, is learnt from ``storage/keys.py`` itself, so a new room is watched at once.
"""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore

from chalicelib import acting
from chalicelib.storage import keys
from chalicelib.storage.records import Key

SAMPLE_TENANT = "t_sample"
PARTITIONS = ("pk", "lk", "expiry_bucket")
# Rooms without a tenant that work for one tenant may touch: what all tenants share.
SHARED = {
    "ADDRESS": "the pointer from a deposit address, made with the payment",
    "BLOCK": "what was seen in a block: a payment reads the deposits of its own addresses there",
    "CHAIN": "heights of the chains",
    "CLIENT": "an application's credentials, made and deleted with it",
    "COUNTER": "indexes of deposit addresses",
    "EXPIRY": "the index of what expires in an hour",
    "FEES": "what the networks take",
    "HOTWALLET": "the slots of payouts",
    "BATCH": "transactions that pay several merchants at once",
    "COIN": "the coins that payouts are made of",
    "MEMPOOL": "what was seen outside any block",
    "PAYOUT": "withdrawals under way on a chain",
    "PRICES": "the price board",
    "REVOCATION": "tokens that were stopped",
}
_TENANT = re.compile(r"t_[0-9a-f]{16}(?![0-9a-f])")
_HASH = re.compile(r"([#\w]+) = (:\w+)")


@dataclass(frozen=True)
class Room:
    """How the keys of one room look.

    Attributes:
        name: what partition keys begin with.
        part: ``pk`` or ``sk``: which part of the key carries the tenant; None where none does.
        place: which piece of it, between the signs.
    """

    name: str
    part: str | None
    place: int = 0


def rooms() -> dict[str, Room]:
    """Return every room that ``storage/keys.py`` knows, by name."""
    found: dict[str, Room] = {}
    for room in sorted(
        _all_rooms(), key=lambda room: room.part is None
    ):  # a partition may be shared, its rows not
        known = found.setdefault(room.name, room)
        assert room.part in {known.part, None}, f"{room.name} has keys of two shapes"
    return found


def _all_rooms() -> Iterator[Room]:
    for function in vars(keys).values():
        if inspect.isfunction(function) and function.__module__ == keys.__name__:
            yield from _rooms_of(function)


def _rooms_of(function: Any) -> Iterator[Room]:
    parameters = inspect.signature(function).parameters.values()
    values = {one.name: 7 if one.annotation in {int, float} else "sample" for one in parameters}
    if "tenant_id" in values:
        values["tenant_id"] = SAMPLE_TENANT
    made = function(**values)
    for one in made if isinstance(made, list) else [made]:
        pk, sk = one if isinstance(one, Key) else (one, "")
        name = pk.split("#")[0]
        if SAMPLE_TENANT in pk.split("#"):
            yield Room(name, "pk", pk.split("#").index(SAMPLE_TENANT))
        elif SAMPLE_TENANT in sk.split("#"):
            yield Room(name, "sk", sk.split("#").index(SAMPLE_TENANT))
        else:
            assert "tenant_id" not in values, f"{function.__name__} takes a tenant and leaves it out"
            yield Room(name, None)


class Watch:
    """Judges requests; keeps what is wrong.

    Attributes:
        wrong: a line for each key of another tenant that was touched.
        judged: how many requests were made for a tenant.
    """

    def __init__(self) -> None:
        self.rooms = rooms()
        self.tenants: set[str] = set()
        self.wrong: list[str] = []
        self.judged = 0

    def begin(self) -> None:
        """Watch every botocore session that is made from here on."""
        botocore.register_initializer(self.attach)

    def end(self) -> None:
        botocore.unregister_initializer(self.attach)

    def attach(self, session: Any) -> None:
        session.register("before-call.dynamodb", self.on_call)

    def on_call(self, *, model: Any, params: Any, **_: Any) -> None:
        """Judge one request as it goes out."""
        text = params["body"].decode() if isinstance(params["body"], bytes) else params["body"]
        tenant_id = acting.tenant()
        body = json.loads(text)
        touched = list(touched_keys(model.name, body))
        self.tenants |= {pk.partition("#")[2] for pk, _ in touched if pk.startswith("TENANT#")}
        if tenant_id is not None:
            self.judged += 1
            found = [self._judged(tenant_id, pk, sk) for pk, sk in touched]
            found += [f"names {other}" for other in set(_TENANT.findall(text)) & self.tenants - {tenant_id}]
            self.wrong += [f"{model.name} for {tenant_id} {problem}" for problem in found if problem]

    def _judged(self, tenant_id: str, pk: str, sk: str) -> str | None:
        room = self.rooms.get(pk.split("#", maxsplit=1)[0])
        if room is None:
            return f"touches {pk}: no key of storage/keys.py"
        if room.part is None:
            return None if room.name in SHARED else f"touches {pk}: a shared room"
        pieces = (pk if room.part == "pk" else sk).split("#")
        if len(pieces) > room.place and pieces[room.place] == tenant_id:
            return None
        return f"touches {pk} {sk}"


def touched_keys(operation: str, body: Any) -> Iterator[tuple[str, str]]:
    """Yield partition and sort key (where there is one) of all that a request names, in indexes and batches."""
    if operation in {"Scan", "DescribeTable", "ExecuteStatement"}:
        yield operation, ""
    if "KeyConditionExpression" in body:
        names, values = body.get("ExpressionAttributeNames", {}), body["ExpressionAttributeValues"]
        for name, value in _HASH.findall(body["KeyConditionExpression"]):
            if names.get(name, name) in PARTITIONS:
                yield values[value]["S"], ""
    yield from _named(body)


def _named(part: Any) -> Iterator[tuple[str, str]]:
    """Yield every key that stands anywhere within a request: of items, batches, transactions, pages."""
    if isinstance(part, list):
        for one in part:
            yield from _named(one)
    elif isinstance(part, dict):
        for name in PARTITIONS:
            value = part.get(name)
            if isinstance(value, dict) and "S" in value:
                yield value["S"], part.get("sk", {}).get("S", "") if name == "pk" else ""
        for one in part.values():
            yield from _named(one)
