"""What the contract suite needs to drive a chain: a real node and the simulated one offer the same."""

from abc import ABC, abstractmethod

from chalicelib.chains.adapter import ChainAdapter, Coin, Signer
from sandbox.nodes.hand import ChainHand


class ChainBackend(ABC):
    """One blockchain with its adapter, and a hand that can pay, mine, reorganise and break things.

    What a chain does not have, it says by the ``no_…``: each is the sentence that a skipped test gives.
    """

    adapter: ChainAdapter
    signer: Signer
    hot_wallet: str
    token: str
    """The token that is paid and paid out."""

    no_mempool: str | None = None
    """Why nobody can be told what waits for a block."""
    no_revert: str | None = None
    """Why nothing that is mined can fail."""
    no_big_amounts: str | None = None
    """Why no amount goes beyond 64 bits."""
    no_double_spend: str | None = None
    """Why a stranger cannot take a payment back."""
    least_units = 1
    """What the smallest amount of the suite is worth: less would be dust."""

    @abstractmethod
    def new_address(self) -> str:
        """Return an address of ours that nothing was ever paid to."""

    @abstractmethod
    def pay(self, address: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id."""

    @abstractmethod
    def mine(self, count: int = 1) -> None:
        """Mine blocks."""

    @abstractmethod
    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the last blocks, without the dropped transactions."""

    @abstractmethod
    def doublespend(self, txid: str) -> None:
        """Replace an unmined transaction by one that spends the same to elsewhere."""

    @abstractmethod
    def pay_again(self, txid: str) -> None:
        """Broadcast a dropped transaction of a stranger a second time."""

    @abstractmethod
    def set_payouts(self, outcome: str) -> None:
        """Revert payouts from now on, leave them stuck at their fee, or let them through."""

    @abstractmethod
    def break_for(self, seconds: float) -> None:
        """Let the node answer nobody."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Let time pass for the node."""

    def coins(self, slot: int) -> list[Coin]:
        """Return the coins of the hot wallet that stand for a slot, the same for the same number."""
        raise NotImplementedError(slot)


class HandBackend(ChainBackend):
    """A backend whose chain is moved by a hand, as the sandbox's are."""

    hand: ChainHand

    def pay(self, address: str, units: int) -> str:
        return self.hand.pay(address, self.token, units)

    def mine(self, count: int = 1) -> None:
        self.hand.mine(count)

    def reorg(self, depth: int, drop: list[str]) -> None:
        self.hand.reorg(depth, drop)

    def doublespend(self, txid: str) -> None:
        self.hand.doublespend(txid)

    def pay_again(self, txid: str) -> None:
        self.hand.pay_again(txid)

    def set_payouts(self, outcome: str) -> None:
        self.hand.set_payouts(outcome)

    def break_for(self, seconds: float) -> None:
        self.hand.break_for(seconds)
