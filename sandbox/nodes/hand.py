"""What the sandbox's controls and the tests do to a chain whose node is real: as strangers, and as its only miner.

One hand drives one chain. All hands have the same methods, whatever the node; amounts are the token's smallest
units, addresses are in their mainnet spelling also where the node's own network spells them otherwise.
"""

from typing import Protocol

from sandbox.chain.explorer import TransactionView, TransferView

OUTCOMES = ("ok", "revert", "stuck")


class ChainHand(Protocol):
    """Pays, mines and breaks things on one chain, and looks anything up.

    Errors about a request are ChainRequestError (a ValueError) and UnknownTransactionError (a KeyError).
    """

    def pay(self, address: str, token: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id. It is in the next block."""

    def pay_again(self, txid: str) -> None:
        """Broadcast a stranger's dropped transaction again, the same bytes."""

    def mine(self, count: int = 1) -> None:
        """Make blocks of what waits."""

    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the last blocks: dropped transactions leave chain and mempool, the others are mined again."""

    def doublespend(self, txid: str) -> str:
        """Replace a transaction that is in no block by one that spends the same to elsewhere; returns its id."""

    def set_payouts(self, outcome: str) -> None:
        """Say what the next blocks do with payouts: ``ok``, ``revert``, or ``stuck`` until they pay more."""

    def fund(self, address: str, token: str, units: int) -> None:
        """Give an address coins that it can spend at once."""

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks."""

    def height(self) -> int:
        """Return the height of the newest block."""

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first, what waits in the mempool included."""

    def break_for(self, seconds: float) -> None:
        """Let the node answer nobody for so long."""
