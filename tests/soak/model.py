"""What the outside world knows: the answers it was given. The audit holds the gateway's insides against it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chalicelib.tenants.service import NewTenant
from tests.support.client import ApiClient


@dataclass
class Merchant:
    """A tenant as its own books would have it: every object that it was told of, by id."""

    tenant: NewTenant
    client: ApiClient
    wallets: list[dict[str, Any]] = field(default_factory=list)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    withdrawals: dict[str, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    funded: Counter[str] = field(default_factory=Counter)


@dataclass
class Tally:
    """How the operations went, by kind."""

    tried: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, *, succeeded: bool) -> None:
        self.tried[kind] += 1
        self.succeeded[kind] += succeeded

    @property
    def total(self) -> int:
        return self.tried.total()

    def lines(self) -> list[str]:
        return [
            f"  {kind:<24}{self.tried[kind]:>8} tried {self.succeeded[kind]:>8} succeeded "
            f"{100 * self.tried[kind] / self.total:5.1f} % of all"
            for kind in sorted(self.tried)
        ]
