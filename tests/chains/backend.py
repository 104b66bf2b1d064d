"""What the contract suite needs to drive a chain: a real node and the simulated one offer the same."""

from typing import Protocol

from chalicelib.chains.adapter import ChainAdapter, Signer


class ChainBackend(Protocol):
    """One blockchain with its adapter, and a hand that can pay, mine, reorganise and break things."""

    adapter: ChainAdapter
    signer: Signer
    hot_wallet: str
    token: str
    """The token that is paid and paid out."""

    def new_address(self) -> str:
        """Return an address of ours that nothing was ever paid to."""

    def pay(self, address: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id."""

    def mine(self, count: int = 1) -> None:
        """Mine blocks."""

    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the last blocks, without the dropped transactions."""

    def doublespend(self, txid: str) -> None:
        """Replace an unmined transaction by one that spends the same to elsewhere."""

    def pay_again(self, txid: str) -> None:
        """Broadcast a dropped transaction of a stranger a second time."""

    def set_payouts(self, outcome: str) -> None:
        """Revert payouts from now on, leave them stuck at their fee, or let them through."""

    def break_for(self, seconds: float) -> None:
        """Let the node answer nobody."""

    def wait(self, seconds: float) -> None:
        """Let time pass for the node."""
