"""``make demo``: plays the whole story against a running sandbox, over HTTP alone, and prints each step.

``CURRENCIES`` names the currencies to play it in, one after the other.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.demo import income, outgo
from sandbox.demo.client import Api, DemoError, credentials_in
from sandbox.demo.story import REAL_CURRENCIES, USUAL_CURRENCIES, Story
from sandbox.directory import NODES

STEPS: list[tuple[str, Callable[[Story], None]]] = [
    ("A merchant opens", income.open_shop),
    ("It gets a token", income.get_token),
    ("It sets up its webhooks", income.set_up_webhooks),
    ("It asks for a payment", income.create_payment),
    ("The customer pays on the chain", income.pay),
    ("The chain confirms", income.confirm),
    ("The merchant is told", income.receive_webhooks),
    ("Its balances", income.show_balances),
    ("It opens a sub-account", outgo.open_wallet),
    ("It transfers some of the money there", outgo.transfer),
    ("The sub-account's user withdraws", outgo.withdraw),
    ("The chain confirms the payout", outgo.confirm_withdrawal),
    ("Its history", outgo.show_history),
]


def play(story: Story) -> None:
    """Play every step in its order.

    Raises:
        DemoError: a step did not go as it should; the message says which way.
    """
    for number, (title, step) in enumerate(STEPS, 1):
        print(f"\n{number}. {title}", flush=True)
        step(story)


def main() -> int:
    """Play the story; returns the exit code."""
    try:
        directory = os.environ.get("SANDBOX_DIR", "").strip() or ".sandbox"
        credentials = credentials_in(directory)
        for currency in _currencies(Path(directory)):
            print(f"\nIn {currency}", flush=True)
            play(Story(Api(credentials["base_url"]), Api(credentials["control_url"]), currency))
    except DemoError as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    print("\nThat was the story.")
    return 0


def _currencies(directory: Path) -> Sequence[str]:
    """Return what was chosen; else what shows best on the chains that the sandbox runs on."""
    chosen = os.environ.get("CURRENCIES", "").replace(",", " ").split()
    return chosen or (REAL_CURRENCIES if (directory / NODES).is_dir() else USUAL_CURRENCIES)


if __name__ == "__main__":
    sys.exit(main())
