"""An application of its own with routes that only tests have: they show what the frame hands to a route."""

from functools import cache
from typing import Any

import msgspec

from chalicelib.api.application import GatewayApplication
from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.api.fields import Amount, Name
from chalicelib.storage.calls import StorageUnavailableError

routes = Routes("Probe", __name__)


class Paid(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    amount: Amount
    name: Name | None = None
    final: bool = False
    count: int | None = None


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    flag: bool = False
    limit: int = 20
    word: str | None = None


@routes.post("/probe", body=Paid, answer=dict[str, Any])
def echo_body(call: Call) -> dict[str, Any]:
    return {"amount": str(call.body.amount), "name": call.body.name, "final": call.body.final}


@routes.get("/probe", query=Asked, answer=dict[str, Any])
def echo_query(call: Call) -> dict[str, Any]:
    return {"flag": call.query.flag, "limit": call.query.limit, "word": call.query.word}


@routes.get("/probe/words/fixed", answer=dict[str, Any])
def fixed(call: Call) -> dict[str, Any]:
    return {"word": "the fixed one"}


@routes.get("/probe/words/{word}", answer=dict[str, Any])
def echo_word(call: Call) -> dict[str, Any]:
    return {"word": call.path["word"]}


@routes.get("/probe/broken", answer=dict[str, Any])
def broken(call: Call) -> dict[str, Any]:
    raise RuntimeError("the secret is 42")


@routes.get("/probe/busy", answer=dict[str, Any])
def busy(call: Call) -> dict[str, Any]:
    raise StorageUnavailableError("throttled")


@routes.get("/probe/admin", answer=dict[str, Any], scopes=("read", "admin"))
def admin_only(call: Call) -> dict[str, Any]:
    return {"tenant_id": call.tenant_id, "scopes": list(call.caller.scopes)}


@routes.post("/probe/public", body=Paid, answer=dict[str, Any], scopes=None)
def public(call: Call) -> dict[str, Any]:
    return {"access": call.access, "source": call.source_address}


@cache
def probe_application() -> GatewayApplication:
    return GatewayApplication("probe", [routes])
