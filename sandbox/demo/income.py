"""The first half: a merchant opens, is paid, and hears of it."""

from typing import Any

from sandbox.demo.client import DemoError
from sandbox.demo.signature import is_genuine
from sandbox.demo.story import Story, tell, wait_for

PRICE_USD = "100.00"


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
    asked = {"amount": PRICE_USD, "price_currency": "USD", "currency": story.currency, "order_id": "demo-order"}
    story.payment = story.api.post("/payments/", asked)
    tell(f"POST /payments/ → {story.payment['transaction_id']}, {story.payment['status']}")
    tell(f"the customer owes {story.payment['amount_crypto']} {story.currency} to {story.payment['address']}")


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
        story.mine(story.payment["blockchain"])
        story.refresh_payment()
        tell(f"… {story.payment['confirmations']} of {wanted} confirmations, {story.payment['status']}")
    wait_for("the payment to be completed", lambda: story.refresh_payment() == "completed")
    tell(
        f"paid {story.payment['total_paid_amount']} {story.currency},"
        f" of which {story.payment['fee_amount']} are the fee"
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
    account = story.api.get("/user/balances/")["account"][story.currency]
    tell(f"GET /user/balances/ → {account['amount']} {story.currency}, {account['pending_amount']} of it held")
