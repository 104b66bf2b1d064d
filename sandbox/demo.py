"""``make demo``: plays the story of a payment against a running sandbox, over HTTP alone, and prints each step."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.demo_client import Api, DemoError, credentials_in
from sandbox.demo_signature import is_genuine

CURRENCY = "USDTTRC20"
PRICE_USD = "100.00"
WAIT_SECONDS = 60
LOOK_SECONDS = 0.5
BLOCKS_AT_A_TIME = 5


@dataclass
class Story:
    """What the steps tell each other.

    Attributes:
        api: the public API.
        controls: the sandbox's controls.
        tenant: the merchant of this story.
        secret: what its webhooks are signed with.
        payment: as the API answered it last.
    """

    api: Api
    controls: Api
    tenant: dict[str, Any] = field(default_factory=dict)
    secret: str = ""
    payment: dict[str, Any] = field(default_factory=dict)

    @property
    def inbox(self) -> str:
        """The name of the merchant's webhook receiver."""
        return f"demo-{self.tenant['tenant_id']}"

    def refresh_payment(self) -> str:
        """Ask for the payment again; returns its status."""
        asked = {"transaction_id": self.payment["transaction_id"]}
        self.payment = self.api.post("/payments/status/", asked)
        return str(self.payment["status"])


def open_shop(story: Story) -> None:
    """A merchant of its own, so that the story begins with empty books."""
    story.tenant = story.controls.post("/tenants", {"name": "Demo shop", "admin": True})
    tell(f"merchant {story.tenant['tenant_id']}, client {story.tenant['client_id']}")


def get_token(story: Story) -> None:
    """An access token, by client credentials."""
    sent = {"grant_type": "client_credentials", "scope": "read write admin"}
    sent |= {name: story.tenant[name] for name in ("client_id", "client_secret")}
    token = story.api.post("/o/token/", sent)
    story.api = story.api.with_token(token["access_token"])
    tell(f"POST /o/token/ → {token['token_type']} token for {token['expires_in']} s, scope {token['scope']}")


def set_up_webhooks(story: Story) -> None:
    """Where events go; the secret is shown this once."""
    url = f"{story.controls.base_url}/inbox/{story.inbox}"
    story.secret = story.api.post("/user/webhooks/", {"callback_url": url})["secret"]
    tell(f"POST /user/webhooks/ → events go to {url}")


def create_payment(story: Story) -> None:
    """A customer is to pay."""
    asked = {"amount": PRICE_USD, "price_currency": "USD", "currency": CURRENCY, "order_id": "demo-order"}
    story.payment = story.api.post("/payments/", asked)
    tell(f"POST /payments/ → {story.payment['transaction_id']}, {story.payment['status']}")
    tell(f"the customer owes {story.payment['amount_crypto']} {CURRENCY} to {story.payment['address']}")


def pay(story: Story) -> None:
    """The customer pays on the local chain."""
    payment = story.payment
    sent = {"address": payment["address"], "amount": payment["amount_crypto"], "token": payment["token"]}
    paid = story.controls.post(f"/chains/{payment['blockchain']}/transfers", sent)
    tell(f"transaction {paid['transaction_hash']} waits for a block")
    wait_for("the payment to be seen", lambda: story.refresh_payment() == "confirming")


def confirm(story: Story) -> None:
    """Blocks are mined until the payment is deep enough."""
    wanted = int(story.payment["required_confirmations"])
    while story.payment["status"] == "confirming" and int(story.payment["confirmations"]) < wanted:
        story.controls.post(f"/chains/{story.payment['blockchain']}/blocks", {"count": BLOCKS_AT_A_TIME})
        story.refresh_payment()
        tell(f"… {story.payment['confirmations']} of {wanted} confirmations, {story.payment['status']}")
    wait_for("the payment to be completed", lambda: story.refresh_payment() == "completed")
    tell(
        f"paid {story.payment['total_paid_amount']} {CURRENCY}, of which {story.payment['fee_amount']} are the fee"
    )


def receive_webhooks(story: Story) -> None:
    """The merchant was told, and can prove by whom."""

    def told() -> list[dict[str, Any]]:
        return list(story.controls.get(f"/inbox/{story.inbox}")["messages"])

    wait_for("the webhook", lambda: any('"completed"' in message["body"] for message in told()))
    for message in told():
        if not is_genuine(story.secret, message):
            raise DemoError("A webhook's signature is wrong: nobody should believe it.")
        told_id = message["headers"]["webhook-id"]
        tell(f"webhook {told_id} received at {message['received_at']}: signature verified")
    tell("(After a jump of the sandbox's clock, verify with the sandbox's time: the public Standard Webhooks")
    tell(" libraries compare with the machine's, and refuse what is more than five minutes off.)")


def show_balances(story: Story) -> None:
    """What the merchant has now."""
    account = story.api.get("/user/balances/")["account"][CURRENCY]
    tell(f"GET /user/balances/ → {account['amount']} {CURRENCY}, {account['pending_amount']} of it held")


def show_history(story: Story) -> None:
    """How it came to that; and that the books balance."""

    def rows() -> list[dict[str, Any]]:
        return list(story.api.get("/user/balances/history/")["history"])

    wait_for("the history", lambda: bool(rows()))
    for row in rows():
        tell(f"{row['timestamp']} {row['type']} {row['amount']} {row['currency']} → {row['balance_after']}")
    totals = story.controls.get(f"/ledger/{story.tenant['tenant_id']}")["totals"]
    if any(total != "0" for total in totals.values()):
        raise DemoError(f"The trial balance is not zero: {totals}.")
    tell(f"the trial balance of every currency is zero: {totals}")


STEPS: list[tuple[str, Callable[[Story], None]]] = [
    ("A merchant opens", open_shop),
    ("It gets a token", get_token),
    ("It sets up its webhooks", set_up_webhooks),
    ("It asks for a payment", create_payment),
    ("The customer pays on the chain", pay),
    ("The chain confirms", confirm),
    ("The merchant is told", receive_webhooks),
    ("Its balances", show_balances),
    ("Its history", show_history),
]


def play(story: Story) -> None:
    """Play every step in its order.

    Raises:
        DemoError: a step did not go as it should; the message says which way.
    """
    for number, (title, step) in enumerate(STEPS, 1):
        print(f"\n{number}. {title}", flush=True)
        step(story)


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


def main() -> int:
    """Play the story; returns the exit code."""
    try:
        credentials = credentials_in(os.environ.get("SANDBOX_DIR", "").strip() or ".sandbox")
        play(Story(Api(credentials["base_url"]), Api(credentials["control_url"])))
    except DemoError as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    print("\nThat was the story.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
