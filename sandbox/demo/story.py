"""What the demo's steps share: the merchant's story so far, and how it is told."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sandbox.demo.client import Api, DemoError

USUAL_CURRENCIES = ("USDTTRC20",)
REAL_CURRENCIES = ("USDTERC20", "LTC")
WAIT_SECONDS = 60
LOOK_SECONDS = 0.5
BLOCKS_AT_A_TIME = 5


@dataclass
class Story:
    """What the steps tell each other.

    Attributes:
        api: the public API.
        controls: the sandbox's controls.
        currency: what is paid and paid out.
        tenant: the merchant of this story.
        secret: what its webhooks are signed with.
        payment: as the API answered it last.
        wallet: the sub-account of a user of the merchant's.
        withdrawal: as the API answered it last.
    """

    api: Api
    controls: Api
    currency: str = USUAL_CURRENCIES[0]
    tenant: dict[str, Any] = field(default_factory=dict)
    secret: str = ""
    payment: dict[str, Any] = field(default_factory=dict)
    wallet: dict[str, Any] = field(default_factory=dict)
    withdrawal: dict[str, Any] = field(default_factory=dict)

    @property
    def inbox(self) -> str:
        """The name of the merchant's webhook receiver."""
        return f"demo-{self.tenant['tenant_id']}"

    def part_of_paid(self, percent: int) -> str:
        """Return so much of what the customer paid, rounded down to six decimals."""
        paid = Decimal(str(self.payment["total_paid_amount"]))
        return str((paid * percent / 100).quantize(Decimal("0.000001"), ROUND_DOWN))

    def refresh_payment(self) -> str:
        """Ask for the payment again; returns its status."""
        asked = {"transaction_id": self.payment["transaction_id"]}
        self.payment = self.api.post("/payments/status/", asked)
        return str(self.payment["status"])

    def refresh_withdrawal(self) -> str:
        """Ask for the withdrawal again; returns its status."""
        self.withdrawal = self.api.get(f"/withdrawal/{self.withdrawal['withdrawal_id']}/")
        return str(self.withdrawal["status"])

    def mine(self, blockchain: str) -> None:
        """Let the local chain go on for some blocks."""
        self.controls.post(f"/chains/{blockchain}/blocks", {"count": BLOCKS_AT_A_TIME})


def tell(line: str) -> None:
    """Print one line of a step."""
    print(f"   {line}", flush=True)


def wait_for(what: str, has_come: Callable[[], bool]) -> None:
    """Look again and again, with a line that shows the waiting.

    Raises:
        DemoError: it has not come in a minute.
    """
    started = time.monotonic()
    while not has_come():
        waited = time.monotonic() - started
        if waited > WAIT_SECONDS:
            raise DemoError(f"Waited {WAIT_SECONDS} s for {what}, in vain.")
        tell(f"… waiting for {what} ({waited:.0f} s)")
        time.sleep(LOOK_SECONDS)
