"""The second half: a sub-account, a transfer to it, a withdrawal to the outside, and books that balance."""

from typing import Any

from sandbox.demo.client import DemoError
from sandbox.demo.story import Story, tell, wait_for

SHARED_PERCENT, WITHDRAWN_PERCENT = 30, 20  # of what the customer paid
OUTSIDE = {
    "TRX": "TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC",
    "BTC": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "LTC": "ltc1qg42tkwuuxefutzxezdkdel39gfstuap288mfea",
}
OUTSIDE_OF_EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def open_wallet(story: Story) -> None:
    """A sub-account for a user of the merchant's."""
    name = f"user-{story.tenant['tenant_id']}"
    story.wallet = story.api.post("/wallets/", {"name": "A user of the shop", "external_id": name})
    tell(f"POST /wallets/ → {story.wallet['wallet_id']}, number {story.wallet['id']}")


def transfer(story: Story) -> None:
    """The merchant shares what it took."""
    asked = {
        "wallet_id": story.wallet["wallet_id"],
        "currency": story.currency,
        "amount": story.part_of_paid(SHARED_PERCENT),
    }
    accepted = story.api.post("/wallets/transfer-to-user/", asked)
    tell(f"POST /wallets/transfer-to-user/ → {accepted['transfer_id']}, {accepted['status']}")

    def completed() -> bool:
        found = story.api.post("/wallets/transfer-history/", {"wallet_id": story.wallet["wallet_id"]})
        return [row["status"] for row in found["transfers"]] == ["completed"]

    wait_for("the transfer", completed)
    held = story.api.post("/wallets/balances/", {"wallet_id": story.wallet["wallet_id"]})["balances"]
    tell(f"the sub-account has {held[0]['amount']} {held[0]['currency']}")


def withdraw(story: Story) -> None:
    """The user takes some of it out."""
    asked = {"amount": story.part_of_paid(WITHDRAWN_PERCENT), "currency": story.currency}
    estimate = story.api.post("/withdrawal/estimate/", asked)
    tell(f"POST /withdrawal/estimate/ → fee {estimate['fee']}, the recipient gets {estimate['amount']}")
    sent = {**asked, "address": _outside(story), "wallet_id": story.wallet["wallet_id"]}
    story.withdrawal = story.api.post("/withdrawal/", sent)
    tell(f"POST /withdrawal/ → {story.withdrawal['withdrawal_id']}, {story.withdrawal['status']}")
    wait_for("the payout to be sent", lambda: story.refresh_withdrawal() in {"submitted", "completed"})
    tell(f"transaction {story.withdrawal['transaction_hash']}")


def confirm_withdrawal(story: Story) -> None:
    """Blocks are mined until the payout is deep enough."""
    while story.refresh_withdrawal() == "submitted":
        story.mine(story.withdrawal["blockchain"])
        shown = story.withdrawal
        tell(f"… {shown['confirmations']} of {shown['required_confirmations']} confirmations")
    if story.withdrawal["status"] != "completed":
        raise DemoError(f"The withdrawal ended {story.withdrawal['status']}.")
    seen = story.controls.get(f"/chains/{story.withdrawal['blockchain']}/addresses/{_outside(story)}")["transfers"]
    [arrived] = [one for one in seen if one["transaction_hash"] == story.withdrawal["transaction_hash"]]
    if arrived["amount"] != story.withdrawal["amount"]:
        raise DemoError(f"{arrived['amount']} arrived where {story.withdrawal['amount']} should have.")
    tell(f"{arrived['amount']} {arrived['token']} arrived at {_outside(story)}, once")


def show_history(story: Story) -> None:
    """How it came to that; and that the books balance."""

    def rows() -> list[dict[str, Any]]:
        return list(story.api.get("/user/balances/history/")["history"])

    wait_for("the history", lambda: len(rows()) > 1)
    for row in rows():
        tell(f"{row['timestamp']} {row['type']} {row['amount']} {row['currency']} → {row['balance_after']}")
    totals = story.controls.get(f"/ledger/{story.tenant['tenant_id']}")["totals"]
    if any(total != "0" for total in totals.values()):
        raise DemoError(f"The trial balance is not zero: {totals}.")
    tell(f"the trial balance of every currency is zero: {totals}")


def _outside(story: Story) -> str:
    """Return an address that is nobody's here."""
    return OUTSIDE.get(str(story.payment["blockchain"]), OUTSIDE_OF_EVM)
