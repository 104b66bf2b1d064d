"""What a route is called with: the request, read and authenticated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.idempotency import IdempotencyKey
from chalicelib.environment import Environment
from chalicelib.oauth.access import Access


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request.

    Attributes:
        env: what use cases work with.
        access: who calls, with which scopes; None on a public route.
        body: the request body as the route's schema, or None.
        query: the query as the route's schema, or None.
        path: path parameters, decoded.
        headers: request headers, lower-case names.
        raw_body: the body's bytes, for routes that read more than JSON.
        source_address: the caller's network address.
        idempotency: the request's idempotency key, if it came with one and the route takes one.
        answer_headers: what the answer carries beside its body, whether it is a success or a refusal.
    """

    env: Environment
    access: Access | None
    body: Any
    query: Any
    path: Mapping[str, str]
    headers: Mapping[str, str]
    raw_body: bytes
    source_address: str
    idempotency: IdempotencyKey | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Access:
        """Who calls; only for routes that are not public."""
        assert self.access is not None, "a public route has no caller"
        return self.access

    @property
    def tenant_id(self) -> str:
        """The tenant that calls."""
        return self.caller.tenant_id
