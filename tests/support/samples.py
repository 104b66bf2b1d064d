"""Requests that are right but for the ids in them, for every route that has any, and what a tenant can own."""

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.api.endpoint import Endpoint
from chalicelib.api.pagination import read_cursor, write_cursor
from chalicelib.ledger.service import fund
from tests.support.client import Answer, ApiClient
from tests.support.world import World

ADDRESS = "TBXSw8fM4jpQkGc6zZjsVABFpVN7UvXPdV"
MOVED = {"currency": "USDTTRC20", "amount": "1"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /payments": {"amount": "100", "currency": "USDTTRC20"},
    "POST /payments/{transaction_id}/refund": {"address": ADDRESS, "amount": "20"},
    "POST /withdrawal": {"amount": "20", "currency": "USDTTRC20", "address": ADDRESS},
    "POST /wallets": {"name": "My Wallet"},
    "POST /wallets/transfer-to-user": MOVED,
    "POST /wallets/withdraw-to-master": MOVED,
    "POST /o/apps": {"name": "Another"},
    "POST /user/webhooks/deliveries/resend": {"after": 0, "until": 100},
}
"""What a body needs beside the id that is tried; a route without one here needs nothing."""

# What kind of id a field is; a path's parameter is named with its path.
ID_FIELDS = {
    "transaction_id": "payment",
    "withdrawal_id": "withdrawal",
    "wallet_id": "wallet",
    "external_id": "external",
    "custom_id": "custom",
    "order_id": "order",
    "cursor": "cursor",
    "/o/apps/{id}": "application",
    "/wallets/{id}": "wallet",
    "/user/webhooks/deliveries/{id}": "delivery",
}
# Fields that name nothing that exists: free words, amounts, choices, switches, positions in a list of one's own.
_PLAIN = """
address after amount blockchain callback_url currency currency_from currency_to customer_email end_date event
expiry_minutes fee_percentage final_amount full include_usd is_fee_paid_by_user is_fixed_rate limit memo min_max
name offset order_description price_amount price_currency scopes sort start_date status token transfer_type
type until withdrawal
"""
PLAIN_FIELDS = frozenset(_PLAIN.split())
# An order id given to a new payment is the merchant's own word for it, and may be given twice.
OWN_WORDS = {("POST /payments", "order_id")}


@dataclass(frozen=True)
class Case:
    """One place where an id can stand.

    Attributes:
        endpoint: the route.
        field: the body's or query's field, or the path's parameter.
        kind: of what it is the id.
        where: body, query or path.
    """

    endpoint: Endpoint
    field: str
    kind: str
    where: str

    @property
    def route(self) -> str:
        return f"{self.endpoint.method} {self.endpoint.path}"

    @property
    def is_own_word(self) -> bool:
        """Whether the field is the merchant's own word for what the request makes."""
        return (self.where == "body" and self.kind == "custom") or self.route == "POST /wallets"

    def __str__(self) -> str:
        return f"{self.route} {self.field}"

    def send(self, client: ApiClient, value: str, own: dict[str, str], **more: Any) -> Answer:
        """Send a request that is right, with that id; where others are needed beside it, they are the sender's."""
        path, query = self.endpoint.path, None
        body = dict(BODIES.get(self.route, {})) if self.endpoint.body else None
        if self.kind == "cursor" and body is not None:
            body |= {"wallet_id": own["wallet"], **more}
        if self.where == "path":
            path = path.replace(f"{{{self.field}}}", value)
        elif self.where == "query":
            query = {self.field: value, **more} if value else more
        elif body is not None and value:
            body[self.field] = value
        path = path.replace("{transaction_id}", own["payment"])
        if self.endpoint.method == "POST":
            return client.post(f"{path}/", body, query=query)
        return client.send(self.endpoint.method, f"{path}/", query=query)

    def values(self, client: ApiClient, owned: dict[str, list[str]]) -> list[str]:
        """Return the owner's ids that can stand here; a cursor is the one that its own list gives."""
        if self.is_own_word and "refund" in self.route:
            return owned["refund's custom"]  # a word can be used once
        if self.kind != "cursor":
            return owned[self.kind]
        limit: Any = 1 if self.endpoint.body else "1"
        answer = self.send(client, "", first(owned), limit=limit).json
        cursor = answer.get("next_cursor") or answer.get("pagination", {}).get("next_cursor")
        assert cursor, f"{self}: the owner's list has one page only"
        return [cursor]


def cases(endpoint: Endpoint) -> list[Case]:
    """Return every place of a route where an id can stand.

    Raises:
        AssertionError: a field is neither known as an id nor as something else.
    """
    if endpoint.scopes is None:
        return []
    found = [*_fields(endpoint, endpoint.body, "body"), *_fields(endpoint, endpoint.query, "query")]
    pieces = endpoint.path.split("/")
    for place, piece in enumerate(pieces):
        if piece.startswith("{"):
            field = piece.strip("{}")
            kind = ID_FIELDS.get("/".join(pieces[: place + 1])) or ID_FIELDS.get(field)
            assert kind, f"say in ID_FIELDS what {field} of {endpoint.path} is the id of"
            found.append(Case(endpoint, field, kind, "path"))
    return [case for case in found if (case.route, case.field) not in OWN_WORDS]


def _fields(endpoint: Endpoint, kind: Any, where: str) -> list[Case]:
    found = []
    for field in msgspec.structs.fields(kind) if kind else ():
        assert field.name in ID_FIELDS or field.name in PLAIN_FIELDS, (
            f"{endpoint.method} {endpoint.path} has {field.name}: say in ID_FIELDS or PLAIN_FIELDS what it is"
        )
        if field.name in ID_FIELDS:
            found.append(Case(endpoint, field.name, ID_FIELDS[field.name], where))
    return found


def furnish(world: World, client: ApiClient, tenant_id: str, url: str) -> dict[str, list[str]]:
    """Give a tenant two of everything, and return the ids of one of each by their kind."""
    fund(world.env, tenant_id, "USDTTRC20", 1_000_000_000)
    for number in range(2):
        wallet = _made(client.post("/wallets/", {"name": "Theirs", "external_id": f"external-{number}"}))
        asked = {**BODIES["POST /payments"], "order_id": f"order-{number}", "callback_url": url}
        payment = _made(client.post("/payments/", asked))
        world.pay(payment, 100_000_000)
        custom = {"custom_id": f"custom-{number}"}
        withdrawal = _made(client.post("/withdrawal/", {**BODIES["POST /withdrawal"], **custom}))
        application = _made(client.post("/o/apps/", {"name": f"App {number}"}))
    for _ in range(2):
        _made(client.post("/wallets/transfer-to-user/", {**MOVED, "wallet_id": wallet["wallet_id"]}))
    world.mine(count=20)
    world.settle()
    deliveries = client.get("/user/webhooks/deliveries/").json["deliveries"]
    return {
        "payment": [payment["transaction_id"]],
        "withdrawal": [withdrawal["withdrawal_id"]],
        "wallet": [wallet["wallet_id"], str(wallet["id"])],
        "external": ["external-1"],
        "custom": ["custom-1"],
        "refund's custom": ["custom-0"],
        "order": ["order-1"],
        "application": [str(application["id"])],
        "delivery": [deliveries[0]["id"]],
    }


def request_to(endpoint: Endpoint, owned: dict[str, list[str]], url: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the path's parameters and the body of a right request, with the caller's own ids."""
    path = {case.field: owned[case.kind][0] for case in cases(endpoint) if case.where == "path"}
    route = f"{endpoint.method} {endpoint.path}"
    body = dict(BODIES.get(route, {}))
    if route.startswith("POST /wallets/"):
        body["wallet_id"] = owned["wallet"][0]
    if route == "POST /user/webhooks":
        body["callback_url"] = url
    return path, body


def first(owned: dict[str, list[str]]) -> dict[str, str]:
    """Return one id of each kind."""
    return {kind: ids[0] for kind, ids in owned.items()}


def unknown(kind: str, value: str) -> str:
    """Return an id like that one, of nothing at all."""
    if kind == "cursor":
        return write_cursor(unknown("position", read_cursor(value)))
    if value.isdigit():
        return str(int(value) + (1 if kind == "position" else 700)).zfill(len(value))
    if kind in {"payment", "withdrawal"}:
        return value[:-8] + uuid.uuid4().hex[:8]
    return value[:-6] + uuid.uuid4().hex[:6]


def _made(answer: Answer) -> Any:
    assert answer.status in {201, 202}, answer.text
    return answer.json
